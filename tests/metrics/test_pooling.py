"""Pooled vectors against a loop over tracks, for any sizes, weights and steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreid_cli.metrics import pooling
from agreid_cli.metrics.pooling import pooled_rows, steps


def slow(rows: np.ndarray, sizes: list[int], weight: np.ndarray, unit: bool) -> np.ndarray:
    found, at = [], 0
    for size in sizes:
        total, sum_of_weights = np.zeros(rows.shape[1]), 0.0
        for row, w in zip(rows[at : at + size], weight[at : at + size], strict=True):
            length = float(np.sqrt((row**2).sum()))
            total = total + w * (row / length if unit and length else row)
            sum_of_weights += w
        found.append(total / sum_of_weights)
        at += size
    return np.array(found)


@given(st.lists(st.integers(1, 7), min_size=1, max_size=9), st.booleans(), st.booleans(), st.integers(0, 999))
def test_a_track_is_the_mean_of_its_crops(sizes: list[int], unit: bool, weighted: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(sum(sizes), 5)) * rng.choice([0.0, 1.0, 100.0], size=(sum(sizes), 1))
    weight = rng.uniform(1e-3, 1, size=len(rows))
    start = np.concatenate([[0], np.cumsum(sizes)])
    found = pooled_rows(rows, start, weight if weighted else None, unit=unit)
    expected = slow(rows, sizes, weight if weighted else np.ones(len(rows)), unit)
    assert found.dtype == np.float32
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pooling, "ROWS_A_STEP", 3)
        again = pooled_rows(rows, start, weight if weighted else None, unit=unit)
    assert np.array_equal(found, again)  # the steps change no bit


@given(st.lists(st.integers(1, 9), max_size=12), st.integers(1, 9))
def test_steps_cover_every_track_once_and_are_short(sizes: list[int], rows: int) -> None:
    start = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
    found = list(steps(start, rows))
    assert [track for first, last in found for track in range(first, last)] == list(range(len(sizes)))
    for first, last in found:
        assert start[last] - start[first] <= rows or last - first == 1


def test_a_long_vector_does_not_count_more_with_cosine() -> None:
    rows, start = np.array([[100.0, 0.0], [0.0, 1.0]]), np.array([0, 2])
    assert pooled_rows(rows, start, None, unit=True).tolist() == [[0.5, 0.5]]
    assert pooled_rows(rows, start, None, unit=False).tolist() == [[50.0, 0.5]]
