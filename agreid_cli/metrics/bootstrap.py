"""Confidence intervals of scores: a bootstrap over identities.

The queries of one person are correlated, so whole identities are resampled with replacement, not
queries. Each round weights a person's queries by how often the person was drawn; the interval is the central
range of the rounds' scores. The same random seed gives the same interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agreid_cli.errors import InputError
from agreid_cli.metrics.ranking.checks import labels
from agreid_cli.metrics.ranking.exact import Float64
from agreid_cli.metrics.ranking.ranking import Ranks

ROUNDS = 1000
_ENTRIES_A_DRAW = 1 << 20  # identities × rounds drawn at a time: limits memory


@dataclass(frozen=True)
class Interval:
    """A score and its confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Intervals:
    """Intervals of one system; NaN if no query is valid."""

    mAP: Interval
    rank1: Interval
    level: float
    rounds: int
    n_identities: int


@dataclass(frozen=True)
class Difference:
    """Second system minus first; `share` is two-sided, small if the sign rarely changes.

    `share` is twice the smaller of the fractions of rounds at or below 0 and at or above 0, at most 1: a
    bootstrap p-value for "no difference".
    """

    value: float
    low: float
    high: float
    share: float


@dataclass(frozen=True)
class Paired:
    """Differences of two systems on the same queries, with the same identities drawn for both."""

    mAP: Difference
    rank1: Difference
    level: float
    rounds: int
    n_identities: int


def bootstrap(
    ranks: Ranks, query_pid: npt.ArrayLike, *, rounds: int = ROUNDS, seed: int = 0, level: float = 0.95
) -> Intervals:
    """Percentile intervals of mAP and Rank-1.

    >>> ranks = Ranks(np.array([1.0, 0.5]), np.array([1, 2]), np.ones(2), np.ones(2, int))
    >>> found = bootstrap(ranks, [7, 8], rounds=200)
    >>> found.mAP, found.n_identities
    (Interval(value=0.75, low=0.5, high=1.0), 2)
    """
    sizes, sums = _by_identity([ranks], query_pid)
    scores = _rounds(sizes, sums, rounds, seed)
    value = _score(sizes, sums)
    low, high = _percentiles(scores, level)
    mAP, rank1 = (Interval(*map(float, three)) for three in zip(value, low, high, strict=True))
    return Intervals(mAP, rank1, level, rounds, len(sizes))


def paired_bootstrap(
    first: Ranks,
    second: Ranks,
    query_pid: npt.ArrayLike,
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
    level: float = 0.95,
) -> Paired:
    """Intervals of second − first. `InputError` unless both ranked the same queries.

    >>> worse = Ranks(np.array([1.0, 0.5]), np.array([1, 2]), np.ones(2), np.ones(2, int))
    >>> better = Ranks(np.array([1.0, 1.0]), np.array([1, 1]), np.ones(2), np.ones(2, int))
    >>> paired_bootstrap(worse, better, [7, 8], rounds=200).mAP.value
    0.25
    """
    if not np.array_equal(first.n_match, second.n_match):
        raise InputError(
            "the two rankings are not over the same queries and true matches",
            hint="Compare rankings with the same protocol fingerprint.",
        )
    sizes, sums = _by_identity([first, second], query_pid)
    scores, value = _rounds(sizes, sums, rounds, seed), _score(sizes, sums)
    gaps, gap = scores[:, 2:] - scores[:, :2], value[2:] - value[:2]
    low, high = _percentiles(gaps, level)
    turned = (
        np.minimum((gaps <= 0).mean(axis=0), (gaps >= 0).mean(axis=0)) if len(sizes) else np.full(2, np.nan)
    )
    share = np.minimum(1.0, 2 * turned)
    mAP, rank1 = (Difference(*map(float, four)) for four in zip(gap, low, high, share, strict=True))
    return Paired(mAP, rank1, level, rounds, len(sizes))


def _by_identity(systems: list[Ranks], query_pid: npt.ArrayLike) -> tuple[Float64, Float64]:
    """Number of valid queries of each identity (c,), and sums of AP and of first hits (c, 2 × systems)."""
    pids, valid = labels("query_pid", query_pid), systems[0].valid
    if len(pids) != len(valid):
        raise InputError(f"query_pid has {len(pids)} entries for {len(valid)} ranked queries")
    cluster = np.unique(pids[valid], return_inverse=True)[1]
    sizes = np.bincount(cluster).astype(np.float64)
    sums = [
        np.bincount(cluster, weights=values[valid])
        for ranks in systems
        for values in (ranks.average_precision, (ranks.first_hit == 1).astype(np.float64))
    ]
    return sizes, np.stack(sums, axis=1)


def _score(sizes: Float64, sums: Float64) -> Float64:
    """Means over queries (columns,)."""
    if not len(sizes):
        return np.full(sums.shape[1], np.nan)
    means: Float64 = sums.sum(axis=0) / sizes.sum()
    return means


def _rounds(sizes: Float64, sums: Float64, rounds: int, seed: int) -> Float64:
    """Scores of each round (rounds, columns)."""
    if rounds < 1:
        raise InputError(f"a bootstrap needs at least one round, not {rounds}")
    if not len(sizes):
        return np.full((rounds, sums.shape[1]), np.nan)
    found = [
        sums[draw].sum(axis=1) / sizes[draw].sum(axis=1)[:, None] for draw in _draws(len(sizes), rounds, seed)
    ]
    return np.concatenate(found)


def _draws(n_identities: int, rounds: int, seed: int) -> Iterator[npt.NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    step = max(1, _ENTRIES_A_DRAW // n_identities)
    for start in range(0, rounds, step):
        yield rng.integers(n_identities, size=(min(step, rounds - start), n_identities))


def _percentiles(scores: Float64, level: float) -> tuple[Float64, Float64]:
    if not 0 < level < 1:
        raise InputError(f"the confidence level must be between 0 and 1, not {level}")
    tail = (1 - level) / 2
    low, high = np.quantile(scores, [tail, 1 - tail], axis=0)
    return low, high
