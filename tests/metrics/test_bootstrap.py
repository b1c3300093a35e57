from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.errors import InputError
from agreid_cli.metrics.bootstrap import bootstrap, paired_bootstrap
from agreid_cli.metrics.ranking.ranking import Ranks


def ranks_with(precision: np.ndarray) -> Ranks:
    valid = ~np.isnan(precision)
    first = np.where(valid, np.where(precision > 0.5, 1, 2), 0)
    return Ranks(precision, first, precision, valid.astype(np.int64))


def test_equal_to_a_loop_over_rounds_and_identities() -> None:
    rng = np.random.default_rng(1)
    pids, precision = rng.integers(0, 9, 40), rng.random(40)
    precision[::7] = np.nan
    found = bootstrap(ranks_with(precision), pids, rounds=50, seed=3)
    people = sorted(set(pids[~np.isnan(precision)].tolist()))
    draws = np.random.default_rng(3).integers(len(people), size=(50, len(people)))
    scores = []
    for draw in draws:
        queries = [
            p for who in draw for p, pid in zip(precision, pids, strict=True) if pid == people[who] and p == p
        ]
        scores.append([np.mean(queries), np.mean(np.array(queries) > 0.5)])
    low, high = np.quantile(scores, [0.025, 0.975], axis=0)
    assert (found.mAP.low, found.rank1.low) == pytest.approx(low)
    assert (found.mAP.high, found.rank1.high) == pytest.approx(high)
    assert found.mAP.value == pytest.approx(np.nanmean(precision))
    assert found.n_identities == len(people)


def test_queries_of_one_person_do_not_narrow_the_interval() -> None:
    one_each = np.array([0.0, 1.0] * 10)
    alone = bootstrap(ranks_with(one_each), np.arange(20))
    repeated = bootstrap(ranks_with(np.repeat(one_each, 5)), np.repeat(np.arange(20), 5))
    assert (alone.mAP.low, alone.mAP.high) == pytest.approx((repeated.mAP.low, repeated.mAP.high))


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(8)
    held = 0
    for trial in range(200):
        skill = np.repeat(rng.random(60), 4)
        found = bootstrap(ranks_with(skill), np.repeat(np.arange(60), 4), rounds=200, seed=trial)
        held += found.mAP.low <= 0.5 <= found.mAP.high
    assert 180 <= held <= 199


def test_paired_difference_sees_what_two_intervals_cannot() -> None:
    rng = np.random.default_rng(2)
    base, pids = rng.random(200) * 0.9, np.arange(200) // 4
    first, second = ranks_with(base), ranks_with(base + 0.01)
    found = paired_bootstrap(first, second, pids)
    assert found.mAP.value == pytest.approx(0.01)
    assert found.mAP.low == pytest.approx(0.01)
    assert found.mAP.share == 0.0
    same = paired_bootstrap(first, first, pids)
    assert (same.mAP.value, same.mAP.low, same.mAP.share) == (0.0, 0.0, 1.0)
    one, other = bootstrap(first, pids).mAP, bootstrap(second, pids).mAP
    assert one.high > other.low


def test_seed_decides_and_bad_calls_are_refused() -> None:
    ranks, pids = ranks_with(np.random.default_rng(0).random(30)), np.arange(30)
    assert bootstrap(ranks, pids, seed=1) == bootstrap(ranks, pids, seed=1)
    assert bootstrap(ranks, pids, seed=1) != bootstrap(ranks, pids, seed=2)
    with pytest.raises(InputError, match="same queries"):
        paired_bootstrap(ranks, ranks_with(np.full(30, np.nan)), pids)
    with pytest.raises(InputError, match="29 entries"):
        bootstrap(ranks, pids[1:])
    nothing = bootstrap(ranks_with(np.full(2, np.nan)), [1, 2])
    assert np.isnan(nothing.mAP.low)
    assert nothing.n_identities == 0
