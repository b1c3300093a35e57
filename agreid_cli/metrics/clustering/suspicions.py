"""Annotated tracks → what is probably wrong: a track of another identity, or two identities of one person.

Scores of pairs become probabilities as for proposals. The certain pairs are those of the annotation, most of
which is right, with the ends of tracks and the overlapping tracks within a camera.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.clustering.chance import Curve, certain_curve, mixture_curve
from agreid_cli.metrics.clustering.mixed import chance_of_two
from agreid_cli.metrics.clustering.neighbours import Levels, Pairs, nearest_pairs
from agreid_cli.metrics.clustering.units import Bools, Floats, Ints, Units

Numbers = npt.NDArray[np.float64]
Pair = tuple[int, int]
#: Pairs of vectors that are multiplied at a time.
PAIRS_A_STEP = 16_384
#: Log odds of a judged pair: beyond those of any score.
TOLD = 40.0


@dataclass(frozen=True)
class Wrong:
    """Track `unit` looks like track `near` of identity `other`, and less like its own, best like `own`."""

    score: float
    unit: int
    own: int
    near: int
    other: int


@dataclass(frozen=True)
class Alike:
    """Identities `pid` and `other` look like one person, most of all in their tracks `unit` and `near`."""

    score: float
    pid: int
    other: int
    unit: int
    near: int


@dataclass(frozen=True)
class Compared:
    """Tracks with their identities, the candidate pairs, and the probability of any pair."""

    units: Units
    pid: Ints
    pairs: Pairs
    levels: Levels
    within: Curve
    across: Curve

    def score(self, a: Ints, b: Ints) -> Floats:
        """As `Pairs.score`, of any pairs (a[i], b[i])."""
        return pair_scores(self.units, self.levels, a, b)

    def odds(self, a: Ints, b: Ints) -> Numbers:
        """The log odds that each pair is one person."""
        score, plain = self.score(a, b), np.zeros(len(a), bool)
        across = self.units.camera[a] != self.units.camera[b]
        return np.where(across, self.across.odds(score, plain), self.within.odds(score, plain))

    def chance(self, a: Ints, b: Ints) -> Numbers:
        """The probability that each pair is one person."""
        return np.asarray(1 / (1 + np.exp(-self.odds(a, b))), np.float64)


def compare(units: Units, pid: Ints, halves: tuple[Floats, Floats], halved: Ints, *, k: int) -> Compared:
    """pid: of each of n tracks, at least 0. halves: vectors of the two ends of the tracks `halved`.

    Memory grows with n × k, not with n × n. k: neighbours of each camera.
    """

    def apart(rows: Ints, columns: Ints) -> Bools:
        return units.apart(rows, columns)

    pairs, levels = nearest_pairs(units.vectors, units.camera, k, apart)
    a, b = own_pairs(pid)
    own = pair_scores(units, levels, a, b)
    own_across = units.camera[a] != units.camera[b]
    different = pid[pairs.a] != pid[pairs.b]
    ends = (halves[0] * halves[1]).sum(axis=1) - levels.between(halved, halved)
    same = {True: own[own_across], False: np.concatenate([ends, own[~own_across]])}
    curves = {}
    for across in (False, True):
        mine = pairs.across == across
        found = certain_curve(np.asarray(same[across], np.float32), pairs.score[mine & different])
        curves[across] = found or mixture_curve(pairs.score[mine], pairs.best[mine])
    return Compared(units, pid, pairs, levels, curves[False], curves[True])


def pair_scores(units: Units, levels: Levels, a: Ints, b: Ints) -> Floats:
    """The similarity of the pairs (a[i], b[i]) minus their level, some pairs at a time."""
    score = np.empty(len(a), np.float32)
    for start in range(0, len(a), PAIRS_A_STEP):
        one, other = a[start : start + PAIRS_A_STEP], b[start : start + PAIRS_A_STEP]
        alike = (units.vectors[one] * units.vectors[other]).sum(axis=1)
        score[start : start + PAIRS_A_STEP] = alike - levels.between(one, other)
    return score


def own_pairs(pid: Ints) -> tuple[Ints, Ints]:
    """All pairs of tracks that have one identity."""
    found = [np.zeros((2, 0), np.int64)]
    for members in members_of(pid).values():
        found.append(np.array(members, np.int64)[np.stack(np.triu_indices(len(members), 1))])
    pairs = np.concatenate(found, axis=1)
    return pairs[0], pairs[1]


def members_of(pid: Ints) -> dict[int, list[int]]:
    """The tracks of each identity, in order."""
    members: dict[int, list[int]] = defaultdict(list)
    for unit, number in enumerate(pid.tolist()):
        members[number].append(unit)
    return dict(sorted(members.items()))


def wrong_tracks(
    found: Compared, same: Sequence[Pair] = (), differ: Sequence[Pair] = (), *, expected: float
) -> list[Wrong]:
    """The most suspicious other identity of each track that has a companion in its own.

    score: the probability that the track is of the other identity. It rests on the log odds of the likeliest
    track there, minus those of the likeliest companion, against the same difference where a track is taken
    for one of an identity that is not its own (`chance_of_two`, with the fraction `expected`). same, differ:
    pairs that a person has judged. The other identity may have been seen elsewhere at the same time, because
    two people who are in view together are exchanged most easily: its track there is then wrong too.
    """
    pid = found.pid
    told = {frozenset(pair): value for pairs, value in ((same, TOLD), (differ, -TOLD)) for pair in pairs}
    own = _best(found, *own_pairs(pid), told)
    extra = np.array([pair for pair in same if pid[pair[0]] != pid[pair[1]]], np.int64).reshape(-1, 2)
    others = pid[found.pairs.a] != pid[found.pairs.b]
    a, b = (
        np.concatenate([column[others], extra[:, side]])
        for side, column in enumerate((found.pairs.a, found.pairs.b))
    )
    judged = {(x, int(pid[y])) for pair in differ for x, y in (pair, pair[::-1])}
    odds = _told(found.odds(a, b), a, b, told)
    theirs: dict[int, dict[int, tuple[float, int]]] = defaultdict(dict)  # unit → identity → odds, its track
    for x, y, value in zip(a.tolist(), b.tolist(), odds.tolist(), strict=True):
        for unit, near in ((x, y), (y, x)):
            other = int(pid[near])
            if value > theirs[unit].get(other, (-np.inf, 0))[0]:
                theirs[unit][other] = (value, near)
    result, gaps, planted = [], [], []
    for unit, (mine, companion) in sorted(own.items()):
        seen = theirs[unit]
        free = [(value, near, other) for other, (value, near) in sorted(seen.items())]
        if not free:
            continue
        values = sorted(value for value, _, _ in free)
        middle = values[len(values) // 2]  # as if it were annotated as one of the others
        planted.append(middle - max(mine, values[-1]))
        free = [one for one in free if (unit, one[2]) not in judged]
        if free:
            value, near, other = max(free)
            gaps.append(mine - value)
            result.append(Wrong(0.0, unit, companion, near, other))
    if not result:
        return []
    chance = chance_of_two(np.array(gaps), np.array(planted), expected)
    if chance is None:
        return []
    return [replace(one, score=float(value)) for one, value in zip(result, chance, strict=True)]


def one_person(found: Compared, differ: Sequence[Pair] = (), *, expected: float, least: float) -> list[Alike]:
    """Pairs of identities that are one person with a probability of at least `least`.

    It rests on the mean log odds of all pairs of their tracks. Of the pairs that are one person, the fraction
    `expected` is annotated as two.
    """
    pid, members = found.pid, members_of(found.pid)
    a, b = found.pairs.a, found.pairs.b
    chance = found.chance(a, b)
    likely = (chance >= least) & (pid[a] != pid[b])
    sides = np.sort(np.stack([pid[a[likely]], pid[b[likely]]], axis=1), axis=1)
    judged = {frozenset((int(pid[x]), int(pid[y]))) for x, y in differ}
    result = []
    for p, q in sorted({(int(p), int(q)) for p, q in sides.tolist()}):
        one, other = (np.array(members[number], np.int64) for number in (p, q))
        if frozenset((p, q)) in judged or found.units.apart(one, other).any():
            continue
        rows, columns = np.repeat(one, len(other)), np.tile(other, len(one))
        both = found.odds(rows, columns)
        chance_of_one = float(1 / (1 + np.exp(-(both.mean() + np.log(expected)))))
        if chance_of_one >= least:
            top = int(both.argmax())
            result.append(Alike(chance_of_one, p, q, int(rows[top]), int(columns[top])))
    return result


def _best(
    found: Compared, a: Ints, b: Ints, told: dict[frozenset[int], float]
) -> dict[int, tuple[float, int]]:
    """Of each track its likeliest pair: the log odds, and the other track."""
    best: dict[int, tuple[float, int]] = {}
    odds = _told(found.odds(a, b), a, b, told)
    for x, y, value in zip(a.tolist(), b.tolist(), odds.tolist(), strict=True):
        for unit, other in ((x, y), (y, x)):
            if unit not in best or value > best[unit][0]:
                best[unit] = (value, other)
    return best


def _told(odds: Numbers, a: Ints, b: Ints, told: dict[frozenset[int], float]) -> Numbers:
    """The log odds, with judgements in place of those of judged pairs."""
    if not told:
        return odds
    pairs = zip(a.tolist(), b.tolist(), odds.tolist(), strict=True)
    return np.array([told.get(frozenset((x, y)), value) for x, y, value in pairs], np.float64)
