"""Counts of gallery ranges, added, are the ranks of the whole: to the bit, with ties and junk."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.metrics.ranking.ranges import Prepared, count_range, prepare, ranks_by_ranges
from agreid_cli.metrics.ranking.ranking import rank


def drawn(seed: int, n_query: int, n_gallery: int, dtype: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Few distinct vectors, so that ties are many."""
    rng = np.random.default_rng(seed)
    pool = rng.normal(size=(max(2, n_gallery // 3), 6)).astype(dtype)
    labels = {
        f"{side}_{name}": rng.integers(low, high, n)
        for side, n in (("query", n_query), ("gallery", n_gallery))
        for name, low, high in (("pid", -1, 4), ("camid", 0, 2))
    }
    return pool[rng.integers(0, len(pool), n_query)], pool[rng.integers(0, len(pool), n_gallery)], labels


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 60), st.integers(1, 25),
    st.sampled_from([np.float16, np.float32, np.float64]), st.sampled_from(["cosine", "euclidean"]),
)  # fmt: skip
def test_any_division_gives_the_ranks_of_the_whole(
    seed: int, n_query: int, n_gallery: int, step: int, dtype: Any, metric: str
) -> None:
    query, gallery, labels = drawn(seed, n_query, n_gallery, dtype)
    how = {**labels, "metric": metric, "threads": 1, "engine": "numpy"}

    def count(prepared: Prepared, spans: list[tuple[int, int]]) -> list[Any]:
        return [count_range(prepared, query, gallery, a, b, threads=1) for a, b in reversed(spans)]

    whole = rank(query, gallery, **how)
    parts = ranks_by_ranges(prepare(query, gallery, **how), n_gallery, step, count)
    for name in ("average_precision", "first_hit", "inverse_penalty", "n_match"):
        assert np.array_equal(getattr(parts, name), getattr(whole, name), equal_nan=name != "first_hit")


def test_a_range_that_is_not_counted_changes_the_sum() -> None:
    query, gallery, labels = drawn(1, 8, 60, np.float32)
    prepared = prepare(query, gallery, **labels)
    whole = count_range(prepared, query, gallery, 0, 60)
    assert whole.sum() > count_range(prepared, query, gallery, 0, 30).sum()
