"""Re-weighting: what a sweep over the test set can and cannot show."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.metrics.explain.reweight import GRID, amd_xor, expected_xor, reweighted, sweep
from agreid_cli.metrics.ranking.given import rank_distances
from agreid_cli.metrics.ranking.summary import summarise


def drawn(seed: int, n: int = 12):
    rng = np.random.default_rng(seed)
    pids = rng.integers(0, 4, n), rng.integers(0, 4, 2 * n)
    pids[1][:4] = range(4)
    d = rng.uniform(1, 2, (n, 2 * n)).astype(np.float32)
    d[pids[0][:, None] == pids[1][None]] -= 0.3
    ranking = partial(
        rank_distances, query_pid=pids[0], gallery_pid=pids[1],
        query_camid=np.zeros(n, int), gallery_camid=np.ones(2 * n, int),
    )  # fmt: skip
    return ranking, d, rng.random(d.shape).astype(np.float32)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_a_swept_rank1_never_falls_with_a_b_that_knows_nothing(seed: int) -> None:
    ranking, d, b = drawn(seed)
    swept = sweep(ranking, d, b, by="rank1", larger_p_on_ties=True)
    base = summarise(ranking(d))
    assert summarise(swept.ranks).cmc[1] >= base.cmc[1]
    assert swept.scores[0][1].cmc[1] == base.cmc[1]  # p = 0 is the base


def test_a_fixed_p_may_fall() -> None:
    falls = []
    for seed in range(8):
        ranking, d, b = drawn(seed)
        falls.append(summarise(ranking(reweighted(d, b, 0.5))).mAP - summarise(ranking(d)).mAP)
    assert min(falls) < 0


def test_ties_keep_the_smaller_p_unless_asked() -> None:
    ranking, d, b = drawn(0)
    flat = np.zeros_like(b)  # no p changes anything
    assert sweep(ranking, d, flat).p == 0
    assert sweep(ranking, d, flat, larger_p_on_ties=True).p == GRID[-1] == 1.95


def test_a_b_that_knows_the_answer_is_used() -> None:
    ranking, d, _ = drawn(3)
    same = ranking.keywords["query_pid"][:, None] == ranking.keywords["gallery_pid"][None]
    found = sweep(ranking, d, (~same).astype(np.float32))
    assert found.p > 0
    assert summarise(found.ranks).mAP > found.scores[0][1].mAP
    with pytest.raises(ValueError, match="empty"):
        sweep(ranking, d, d, grid=())


def test_both_forms_of_x() -> None:
    a, b = np.array([1, 1, 0, 0], np.uint8), np.array([1, 0, 1, 0], np.uint8)
    assert expected_xor(a, b).tolist() == [0, 1, 1, 0]
    assert amd_xor(a, b).tolist() == [0, 0.5, 1, 0.5]
