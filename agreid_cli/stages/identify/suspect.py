"""Compare annotated tracks, and list what is probably wrong with them, worst first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from agreid_cli.config.identify import CheckConfig
from agreid_cli.metrics.clustering.chance import Curve
from agreid_cli.metrics.clustering.mixed import Cut, chance_of_two, worst_cut, worst_split
from agreid_cli.metrics.clustering.neighbours import nearest_pairs
from agreid_cli.metrics.clustering.suspicions import (
    Compared,
    compare,
    members_of,
    one_person,
    wrong_tracks,
)
from agreid_cli.metrics.clustering.units import Floats, Ints
from agreid_cli.records.suspicions import KINDS
from agreid_cli.stages.identify.compare import pids, units_of
from agreid_cli.stages.identify.tracks import Described, Piece, Tracks, evenly

#: The most similar tracks of each track, or identities of each identity, that are mixed to see what two
#: people look like.
MIXTURES = 5
Say = Callable[[str], None]


@dataclass(frozen=True)
class Suspicion:
    """unit, near, own: places among the pieces: the track in question, the one that it is compared with, and
    the most similar of its own identity. marked: of a mixed track, its crops of the one person; of a mixed
    identity, its pieces of the one person.
    """

    kind: str
    probability: float
    pid: int
    unit: int
    reason: str
    other: int | None = None
    near: int | None = None
    own: int | None = None
    marked: tuple[int, ...] = ()


@dataclass(frozen=True)
class Suspected:
    """The suspicions, worst first, and the curves of pairs that they rest on."""

    found: list[Suspicion]
    within: Curve
    across: Curve


def suspect(tracks: Tracks, described: Described, config: CheckConfig, say: Say) -> Suspected:
    """Check the pieces that have an identity. `say` is told what cannot be checked, and why."""
    every = pids(tracks)
    rows = np.flatnonzero(every >= 0)
    place = {int(row): at for at, row in enumerate(rows)}
    units = units_of(tracks, described, config).take(rows)
    halved = np.array([place[int(h)] for h in described.halved if int(h) in place], np.int64)
    kept = np.isin(described.halved, rows)
    halves = (described.halves[0][kept], described.halves[1][kept])
    compared = compare(units, every[rows], halves, halved, k=config.neighbours)
    same, differ = (
        [(place[a], place[b]) for a, b in pairs if a in place and b in place]
        for pairs in (tracks.same, tracks.differ)
    )
    check = _Check(tracks, described, rows, compared, config.expected, say)
    found = [
        *check.wrong(same, differ), *check.same(differ, config.least),
        *check.identities(same), *check.tracks(),
    ]  # fmt: skip
    order = {kind: at for at, kind in enumerate(KINDS)}
    found = [one for one in found if one.probability >= config.least]
    found.sort(key=lambda one: (-np.float32(one.probability), order[one.kind], one.pid, one.unit))
    return Suspected(found, compared.within, compared.across)


@dataclass(frozen=True)
class _Check:
    """rows: the places among the pieces of the tracks that are compared, which are numbered without gaps."""

    all_tracks: Tracks
    described: Described
    rows: Ints
    compared: Compared
    expected: float
    say: Say

    def wrong(self, same: list[tuple[int, int]], differ: list[tuple[int, int]]) -> list[Suspicion]:
        found = []
        for one in wrong_tracks(self.compared, same, differ, expected=self.expected):
            unit, own, near = (int(self.rows[at]) for at in (one.unit, one.own, one.near))
            theirs, mine = self._chance(one.unit, one.near), self._chance(one.unit, one.own)
            pid = int(self.compared.pid[one.unit])
            reason = (
                f"it is similar to {self.name(near)} of pid {one.other} ({theirs:.0%}); "
                f"the most similar of its own pid is {self.name(own)} ({mine:.0%})"
            )
            found.append(Suspicion("wrong-identity", one.score, pid, unit, reason, one.other, near, own))
        return found

    def same(self, differ: list[tuple[int, int]], least: float) -> list[Suspicion]:
        found = []
        for one in one_person(self.compared, differ, expected=self.expected, least=least):
            unit, near = int(self.rows[one.unit]), int(self.rows[one.near])
            reason = (
                f"all tracks of both are alike; the most similar are {self.name(unit)} and {self.name(near)} "
                f"({self._chance(one.unit, one.near):.0%})"
            )
            found.append(Suspicion("same-person", one.score, one.pid, unit, reason, one.other, near))
        return found

    def identities(self, same: list[tuple[int, int]]) -> list[Suspicion]:
        """Identities whose tracks fall into two groups."""
        members = {pid: np.array(of, np.int64) for pid, of in members_of(self.compared.pid).items()}
        several = [pid for pid, of in members.items() if len(of) > 1]
        splits = {pid: worst_split(self._scores(members[pid])) for pid in several}
        mixtures = [
            worst_split(self._scores(np.concatenate([members[p], members[q]])))[0]
            for p, q in self._similar_identities()
        ]
        alike = np.array([splits[pid][0] for pid in several], np.float64)
        chance = self._two(alike, mixtures, "identities")
        found = []
        for pid, value in zip(several, chance, strict=True):
            group = splits[pid][1]
            group = group if group.sum() <= (~group).sum() else ~group
            part, rest = members[pid][group], members[pid][~group]
            if any((a in part) != (b in part) for a, b in same if a in members[pid] and b in members[pid]):
                continue  # a person has said that the two groups are one person
            scores = self.compared.score(np.repeat(part, len(rest)), np.tile(rest, len(part)))
            top = int(scores.argmax())
            unit, similar = int(self.rows[part[top // len(rest)]]), int(self.rows[rest[top % len(rest)]])
            reason = f"its tracks form two dissimilar groups; most similar are {self.name(unit)} and "
            found.append(
                Suspicion(
                    "mixed-identity", float(value), pid, unit, reason + self.name(similar), near=similar,
                    marked=tuple(int(self.rows[at]) for at in part),
                )
            )  # fmt: skip
        return found

    def tracks(self) -> list[Suspicion]:
        """Tracks whose crops are of two people."""
        starts = np.searchsorted(self.described.piece, np.arange(len(self.all_tracks.pieces) + 1))
        inside = {row: np.arange(starts[row], starts[row + 1]) for row in self.rows.tolist()}
        cuts = {row: self._cut(crops) if self._numbered(row) else None for row, crops in inside.items()}
        if short := sum(cut is None for cut in cuts.values()):
            self.say(
                "tracks with fewer than four crops or without frame numbers, which are not checked for two "
                f"people: {short:,}"
            )
        mixtures = []
        for a, b in self._similar_neighbours():
            start, end = inside[int(self.rows[a])], inside[int(self.rows[b])]
            mixed = self._cut(np.concatenate([start[: (len(start) + 1) // 2], end[len(end) // 2 :]]))
            if mixed is not None:
                mixtures.append(mixed.alike)
        checked = [row for row, cut in cuts.items() if cut is not None and row not in self.all_tracks.whole]
        alike = np.array([cut.alike for row in checked if (cut := cuts[row])], np.float64)
        found: list[Suspicion] = []
        for row, value in zip(checked, self._two(alike, mixtures, "tracks"), strict=True):
            cut = cuts[row]
            assert cut is not None
            piece = self.all_tracks.pieces[row]
            first, last = self._stranger(inside[row], row, cut)
            marked = _all_between(piece, len(inside[row]), first, last)
            other, similar = self._most_similar(inside[row][first : last + 1], row)
            reason = f"{len(marked)} of its {len(piece.rows)} crops differ from the others"
            reason += f" (cosine {cut.alike:.2f})"
            if similar is not None:
                reason += f"; they are most similar to {self.name(similar)} of pid {other}"
            pid = int(self.compared.pid[np.searchsorted(self.rows, row)])
            found.append(
                Suspicion("mixed-track", float(value), pid, row, reason, other, similar, marked=marked)
            )
        return found

    def _stranger(self, crops: Ints, row: int, cut: Cut) -> tuple[int, int]:
        """First and last crop of the part that is less like the other tracks of the identity, or that is
        shorter if there are none; of a run in the middle, that run.
        """
        n = len(crops)
        if cut.first > 0 and cut.last < n - 1:
            return cut.first, cut.last
        rest = (cut.last + 1, n - 1) if cut.first == 0 else (0, cut.first - 1)
        at = int(np.searchsorted(self.rows, row))
        own = np.flatnonzero(self.compared.pid == self.compared.pid[at])
        own = own[own != at]
        if not len(own):
            return min((cut.first, cut.last), rest, key=lambda part: part[1] - part[0])
        mean = self.compared.units.vectors[own].mean(axis=0)

        def alike(part: tuple[int, int]) -> float:
            inside = crops[part[0] : part[1] + 1]
            vector = (self.described.crops[inside] * self.described.weight[inside][:, None]).sum(axis=0)
            return float(mean @ vector / max(float(np.linalg.norm(vector)), 1e-12))

        return min((cut.first, cut.last), rest, key=alike)

    def _numbered(self, row: int) -> bool:
        return all(crop["frame"] is not None for crop in self.all_tracks.pieces[row].rows)

    def name(self, row: int) -> str:
        return piece_name(self.all_tracks.pieces[row])

    def _chance(self, a: int, b: int) -> float:
        return float(self.compared.chance(np.array([a]), np.array([b]))[0])

    def _scores(self, units: Ints) -> Floats:
        """Scores of all pairs of some tracks, (n, n); the diagonal has no meaning."""
        vectors, levels = self.compared.units.vectors[units], self.compared.levels
        return np.asarray(vectors @ vectors.T - levels.between(units[:, None], units[None, :]), np.float32)

    def _cut(self, crops: Ints) -> Cut | None:
        return worst_cut(self.described.crops[crops], self.described.weight[crops])

    def _two(self, alike: np.ndarray, mixtures: list[float], what: str) -> np.ndarray:
        chance = None
        if len(alike) and mixtures:
            chance = chance_of_two(alike, np.array(mixtures, np.float64), self.expected)
        if chance is None:
            self.say(
                f"{what} are not checked for two people: there are too few here, or mixtures of two do not "
                "differ from them"
            )
            return np.zeros(len(alike))
        return chance

    def _similar_identities(self) -> list[tuple[int, int]]:
        """Pairs of identities of which some tracks are alike, the most similar of each identity."""
        pid, pairs = self.compared.pid, self.compared.pairs
        order = np.argsort(-pairs.score, kind="stable")
        order = order[pid[pairs.a[order]] != pid[pairs.b[order]]]
        return _few((int(pid[pairs.a[at]]), int(pid[pairs.b[at]])) for at in order)

    def _similar_neighbours(self) -> list[tuple[int, int]]:
        """Tracks of one camera that are certainly two people: seen at one time, else of two identities."""
        units, pid = self.compared.units, self.compared.pid

        def hidden(rows: Ints, columns: Ints) -> np.ndarray:
            return ~units.apart(rows, columns)

        pairs, _ = nearest_pairs(units.vectors, units.camera, MIXTURES, hidden)
        pairs = pairs.take(~pairs.across & (pid[pairs.a] != pid[pairs.b]))
        if not len(pairs):
            pairs = self.compared.pairs
            pairs = pairs.take(~pairs.across & (pid[pairs.a] != pid[pairs.b]))
        order = np.argsort(-pairs.score, kind="stable")
        return _few((int(pairs.a[at]), int(pairs.b[at])) for at in order)

    def _most_similar(self, crops: Ints, row: int) -> tuple[int | None, int | None]:
        """The other identity and its track that some crops are most similar to; None without any."""
        described, own = self.described, self.compared.pid[np.searchsorted(self.rows, row)]
        vector = (described.crops[crops] * described.weight[crops][:, None]).sum(axis=0)
        alike = self.compared.units.vectors @ vector
        at = int(np.searchsorted(self.rows, row))
        theirs = self.compared.pid != own
        theirs &= ~self.compared.units.apart(np.array([at]), np.arange(len(self.rows)))[0]
        if not theirs.any():
            return None, None
        near = int(np.argmax(np.where(theirs, alike, -np.inf)))
        return int(self.compared.pid[near]), int(self.rows[near])


def piece_name(piece: Piece) -> str:
    """`video:track`, with the first frame of a part of a divided track."""
    name = f"{piece.track[0]}:{piece.track[1]}"
    return name if piece.whole else f"{name} from frame {piece.frame}"


def _few(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The first `MIXTURES` pairs of each member, of pairs in order."""
    taken: dict[int, int] = {}
    found: dict[tuple[int, int], None] = {}
    for a, b in pairs:
        a, b = min(a, b), max(a, b)
        if (a, b) not in found and min(taken.get(a, 0), taken.get(b, 0)) < MIXTURES:
            found[a, b] = None
            taken[a], taken[b] = taken.get(a, 0) + 1, taken.get(b, 0) + 1
    return list(found)


def _all_between(piece: Piece, embedded: int, first: int, last: int) -> tuple[int, ...]:
    """The crops of a piece from one embedded crop to another, with those that were not embedded: the ones
    beyond the ends up to half-way to the next embedded crop.
    """
    places = evenly(len(piece.rows), embedded)
    start = 0 if first == 0 else (places[first - 1] + places[first]) // 2 + 1
    end = len(piece.rows) - 1 if last == len(places) - 1 else (places[last] + places[last + 1]) // 2
    return tuple(range(start, end + 1))
