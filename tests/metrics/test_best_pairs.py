"""The best-matching pair of two tracks against a loop over all pairs of crops, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.metrics import best_pairs
from agreid_cli.metrics.best_pairs import BestPairs, Members
from tests.metrics.plain import squared_distance

sizes = st.lists(st.integers(1, 4), min_size=1, max_size=5)


def members(rng: np.random.Generator, of: list[int], metric: str) -> Members:
    """Few directions, some rows repeated, some all zero: many ties."""
    kinds = rng.integers(-1, 2, size=(4, 6)).astype(np.float64)
    rows = kinds[rng.integers(0, 4, size=sum(of))] * rng.choice([1.0, 1.0, 0.0, 7.0], size=(sum(of), 1))
    rows[rng.random(len(rows)) < 0.5] += rng.normal(size=6) * 1e-9
    return Members(rows.astype(np.float32), np.concatenate([[0], np.cumsum(of)]))


@settings(deadline=None)
@given(sizes, sizes, st.sampled_from(["cosine", "euclidean"]), st.integers(0, 9999))
def test_the_smallest_distance_of_all_pairs(
    query: list[int], gallery: list[int], metric: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    left, right = members(rng, query, metric), members(rng, gallery, metric)
    expected = np.array(
        [
            [
                min(
                    squared_distance(a, b, metric)
                    for a in left.rows[left.start[i] : left.start[i + 1]]
                    for b in right.rows[right.start[j] : right.start[j + 1]]
                )
                for j in range(len(gallery))
            ]
            for i in range(len(query))
        ]
    )
    expected = expected / 2 if metric == "cosine" else np.sqrt(expected)
    found = BestPairs(left, right, metric)
    assert found.shape == expected.shape
    assert np.array_equal(found[:], expected)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(best_pairs, "QUERY_ROWS", 2)
        patch.setattr(best_pairs, "GALLERY_ROWS", 3)
        patch.setattr(best_pairs, "EXACT_VALUES", 12)
        assert np.array_equal(found[1:], expected[1:])


def test_a_track_of_one_crop_is_that_crop() -> None:
    rows, start = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([0, 1, 2])
    found = BestPairs(Members(rows, start), Members(rows, start), "euclidean")
    assert found[:] == pytest.approx(np.array([[0.0, 5**0.5], [5**0.5, 0.0]]))
