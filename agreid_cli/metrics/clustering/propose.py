"""Tracks → pairs with probabilities, groups, and the order in which a person is asked.

First within each camera, where tracks are broken by occlusions; then the groups of each camera, with the mean
of their vectors, are compared across cameras. A pair is an edge of the clustering if each is among the k
nearest of the other (k-reciprocal).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from agreid_cli.metrics.clustering.chance import Curve, certain_curve, judged_curve, mixture_curve
from agreid_cli.metrics.clustering.groups import groups_of
from agreid_cli.metrics.clustering.neighbours import Levels, Pairs, nearest_pairs
from agreid_cli.metrics.clustering.units import Bools, Floats, Ints, Units, pooled

#: Overlapping tracks of each track, the most similar ones, that serve as certain negatives.
NEGATIVES = 5
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """What is certain. halves: vectors of the two ends of the tracks `halved`. same, differ: judged pairs.

    settled(rows, columns): bool matrix of pairs that annotations already call different people.
    """

    halves: tuple[Floats, Floats]
    halved: Ints
    same: Sequence[tuple[int, int]] = ()
    differ: Sequence[tuple[int, int]] = ()
    settled: Callable[[Ints, Ints], Bools] | None = None


@dataclass(frozen=True)
class Proposed:
    """m pairs with the chance that each is one person; a group of each track; the curves that were fitted."""

    pairs: Pairs
    chance: Numbers
    group: Ints
    within: Curve
    across: Curve
    levels: Levels

    @property
    def grouped(self) -> Bools:
        """Whether the two tracks of a pair are proposed as one person."""
        return np.asarray(self.group[self.pairs.a] == self.group[self.pairs.b], np.bool_)

    def queue(self) -> npt.NDArray[np.intp]:
        """The places of the pairs in the order in which they are asked: what is proposed as one person, the
        most certain first; then the others, the likeliest first; of equal ones those that join most tracks.
        """
        size = np.bincount(self.group)
        moved = np.minimum(size[self.group[self.pairs.a]], size[self.group[self.pairs.b]])
        return np.lexsort((-moved, -self.chance, ~self.grouped))


def propose(units: Units, known: Known, *, k: int = 20, cut: float = 0.5) -> Proposed:
    """Compare n tracks; see the module. Memory grows with n × k, not with n × n.

    k: neighbours of each camera. cut: mean probability from which two groups are joined.
    """
    apart = _apart(units, known)
    pairs, levels = nearest_pairs(units.vectors, units.camera, k, apart)
    ends = (known.halves[0] * known.halves[1]).sum(axis=1)
    ends = ends - levels.between(known.halved, known.halved)
    within = certain_curve(ends, _overlapping(units, levels)) or mixture_curve(*_of_kind(pairs, False))
    same, differ = (
        np.array(known.same, np.int64).reshape(-1, 2),
        np.array(known.differ, np.int64).reshape(-1, 2),
    )
    within = _judged(within, units, pairs, levels, same, differ, across=False)
    edge = ~pairs.across & _reciprocal(pairs, k)
    here = groups_of(
        len(units), pairs.a[edge], pairs.b[edge], within(pairs.score[edge], pairs.best[edge]), cut=cut,
        same=_pairs_of(same[units.camera[same[:, 0]] == units.camera[same[:, 1]]]), apart=apart,
    )  # fmt: skip
    first = np.unique(here, return_index=True)[1]
    vectors = pooled(units.vectors, here, np.ones(len(units)))
    wide, _ = nearest_pairs(vectors, units.camera[first], k)
    across = mixture_curve(*_of_kind(wide, True))
    across = _judged(across, units, pairs, levels, same, differ, across=True)
    chance = np.where(wide.across, across(wide.score, wide.best), within(wide.score, wide.best))
    edge = _reciprocal(wide, k)
    whole = groups_of(
        len(first), wide.a[edge], wide.b[edge], chance[edge], cut=cut, same=_pairs_of(here[same]),
        apart=_of_groups(apart, here),
    )  # fmt: skip
    own = np.where(pairs.across, across(pairs.score, pairs.best), within(pairs.score, pairs.best))
    own = np.where(pairs.across, _wider(pairs, here, wide, chance, own), own)
    return Proposed(pairs, own, whole[here], within, across, levels)


def _apart(units: Units, known: Known) -> Callable[[Ints, Ints], Bools]:
    n = len(units)
    told = np.array(known.differ, np.int64).reshape(-1, 2)
    both = np.concatenate([told, told[:, ::-1]])
    judged = csr_matrix((np.ones(len(both), bool), (both[:, 0], both[:, 1])), shape=(n, n))

    def apart(rows: Ints, columns: Ints) -> Bools:
        found = units.apart(rows, columns)
        if len(both):
            found |= judged[rows][:, columns].toarray()
        if known.settled is not None:
            found |= known.settled(rows, columns)
        return found

    return apart


def _of_groups(apart: Callable[[Ints, Ints], Bools], group: Ints) -> Callable[[Ints, Ints], Bools]:
    """Two groups are apart if any of their tracks are."""
    order = np.argsort(group, kind="stable")
    start = np.searchsorted(group[order], np.arange(int(group.max(initial=-1)) + 2))

    def of_groups(rows: Ints, columns: Ints) -> Bools:
        (r, r_start), (c, c_start) = (_members(order, start, some) for some in (rows, columns))
        found = np.logical_or.reduceat(np.logical_or.reduceat(apart(r, c), r_start, axis=0), c_start, axis=1)
        return np.asarray(found & (rows[:, None] != columns[None, :]), np.bool_)

    return of_groups


def _members(order: Ints, start: Ints, groups: Ints) -> tuple[Ints, Ints]:
    parts = [order[start[g] : start[g + 1]] for g in groups]
    sizes = np.array([len(part) for part in parts])
    return np.concatenate(parts), np.cumsum(sizes) - sizes


def _overlapping(units: Units, levels: Levels) -> Floats:
    """Scores of the tracks of one camera that overlap in time, the most similar of each track."""

    def hidden(rows: Ints, columns: Ints) -> Bools:
        return ~units.apart(rows, columns)

    found, _ = nearest_pairs(units.vectors, units.camera, NEGATIVES, hidden)
    inside = found.take(~found.across)
    return np.asarray(inside.similarity - levels.between(inside.a, inside.b), np.float32)


def _of_kind(pairs: Pairs, across: bool) -> tuple[Floats, Bools]:
    mine = pairs.take(pairs.across == across)
    return mine.score, mine.best


def _reciprocal(pairs: Pairs, k: int) -> Bools:
    return np.asarray((pairs.rank_ab <= k) & (pairs.rank_ba <= k), np.bool_)


def _judged(
    curve: Curve, units: Units, pairs: Pairs, levels: Levels, same: Ints, differ: Ints, *, across: bool
) -> Curve:
    told = np.sort(np.concatenate([same, differ]), axis=1)
    answer = np.repeat([True, False], [len(same), len(differ)])
    mine = (units.camera[told[:, 0]] != units.camera[told[:, 1]]) == across
    a, b = told[mine].T
    score = (units.vectors[a] * units.vectors[b]).sum(axis=1) - levels.between(a, b)
    nearest = pairs.a[pairs.best] * len(units) + pairs.b[pairs.best]
    return judged_curve(curve, score, np.isin(a * len(units) + b, nearest), answer[mine])


def _wider(pairs: Pairs, group: Ints, wide: Pairs, chance: Numbers, own: Numbers) -> Numbers:
    """The chance of the two tracks' groups where it is listed, which rests on more crops; else their own."""
    n = int(group.max(initial=-1)) + 1
    a, b = group[pairs.a], group[pairs.b]
    key, known = np.minimum(a, b) * n + np.maximum(a, b), wide.a * n + wide.b
    at = np.minimum(np.searchsorted(known, key), max(len(known) - 1, 0))
    found = known[at] == key if len(known) else np.zeros(len(key), bool)
    return np.where(found, chance[at] if len(known) else own, own)


def _pairs_of(rows: Ints) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for a, b in rows.tolist() if a != b]
