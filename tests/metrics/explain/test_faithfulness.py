"""Areas, orders and intervals, on curves that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.metrics.explain.faithfulness import area, estimate, ranks_of_places, steps_of


def test_area_of_straight_and_sudden_curves() -> None:
    steps = steps_of(8, 4)
    assert steps.tolist() == [0, 2, 4, 6, 8]
    curves = np.array([[1, 0.75, 0.5, 0.25, 0], [1, 0, 0, 0, 0], [1, 1, 1, 1, 0]])
    assert area(curves, steps).tolist() == pytest.approx([0.5, 0.125, 0.875])


def test_every_place_has_one_rank_and_the_largest_is_first() -> None:
    rng = np.random.default_rng(0)
    maps = rng.random((5, 4, 3))
    ranks = ranks_of_places(maps)
    for one, own in zip(maps, ranks, strict=True):
        assert sorted(own.ravel().tolist()) == list(range(12))
        assert [one.ravel()[own.ravel() == n][0] for n in range(12)] == sorted(one.ravel(), reverse=True)


def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    inside = 0
    for seed in range(200):
        found = estimate(rng.exponential(1.0, 60), rounds=300, seed=seed)
        assert found.low <= found.value <= found.high
        inside += found.low <= 1.0 <= found.high
    assert 0.86 <= inside / 200 <= 0.99
    again = [estimate(np.arange(9.0), seed=3) for _ in range(2)]
    assert again[0] == again[1]
