"""Cuts of tracks and splits of identities against every possibility; probabilities of two people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreid_cli.metrics.clustering.mixed import chance_of_two, worst_cut, worst_split


@given(st.integers(1, 9), st.integers(0, 999))
def test_the_worst_cut_is_the_least_alike_of_all_runs(m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    crops, weight = rng.normal(size=(m, 5)).astype(np.float32), rng.uniform(0.1, 1, m)
    least = max(2, -(-m // 3))
    every = []
    for first in range(m):
        for last in range(first, m):
            inside = np.arange(m)[first : last + 1]
            outside = np.setdiff1d(np.arange(m), inside)
            if min(len(inside), len(outside)) >= least:
                a, b = ((crops[rows] * weight[rows, None]).sum(axis=0) for rows in (inside, outside))
                every.append(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    found = worst_cut(crops, weight)
    if not every:
        assert found is None
        return
    assert found is not None
    assert found.alike == pytest.approx(min(every), abs=1e-5)
    assert 0 <= found.first <= found.last < m


def test_the_crops_of_another_person_are_found() -> None:
    one, other = np.eye(2, dtype=np.float32)
    crops = np.stack([one, one, other, other, other, one, one, one])
    found = worst_cut(crops, np.ones(8))
    assert found is not None
    assert (found.first, found.last) == (2, 4)


def test_two_groups_of_tracks_are_split() -> None:
    score = np.full((5, 5), -1.0, np.float32)
    score[:2, :2] = score[2:, 2:] = 3.0
    between, group = worst_split(score)
    assert between == -1.0
    assert group.tolist() in ([True, True, False, False, False], [False, False, True, True, True])
    assert worst_split(np.array([[9, 2], [2, 9]], np.float32))[0] == 2.0
    equal, group = worst_split(np.ones((3, 3), np.float32))
    assert equal == 1.0
    assert 0 < group.sum() < 3


def test_what_is_like_a_mixture_is_likely_one_and_the_expectation_keeps_the_order() -> None:
    rng = np.random.default_rng(0)
    alike = np.concatenate([rng.normal(0.8, 0.1, 95), rng.normal(0.0, 0.1, 5)])
    mixtures = rng.normal(0.0, 0.1, 200)
    few, many = (chance_of_two(alike, mixtures, expected) for expected in (0.02, 0.2))
    assert few is not None
    assert many is not None
    assert few[95:].min() > 10 * few[:95].max()
    assert np.array_equal(np.argsort(few), np.argsort(many))
    assert (many >= few).all()
    assert chance_of_two(mixtures, mixtures + 1, 0.02) is None  # mixtures are more alike: no evidence
    assert chance_of_two(alike, mixtures[:2], 0.02) is None
