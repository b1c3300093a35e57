"""Inputs of the comparison: times, annotations, judgements, and doubts about tracks."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from agreid_cli.config.identify import SceneConfig
from agreid_cli.errors import Problems, did_you_mean
from agreid_cli.metrics.clustering.propose import Known
from agreid_cli.metrics.clustering.twins import twins_of
from agreid_cli.metrics.clustering.units import Bools, Ints, Units
from agreid_cli.metrics.quality import SIGNALS, Doubt, doubt
from agreid_cli.records.crops import VIEW_OF_PLATFORM
from agreid_cli.records.manifest import JUNK_PID
from agreid_cli.stages.identify.tracks import Described, Piece, Tracks

AERIAL, GROUND, BOTH = 1, 2, 5


def units_of(tracks: Tracks, described: Described, config: SceneConfig) -> Units:
    """The pieces with their times: in seconds of each video, or of the common clock if it is given."""
    first, last = np.array([piece.times() for piece in tracks.pieces], np.float64).reshape(-1, 2).T
    names = list(dict.fromkeys(piece.track[0] for piece in tracks.pieces))
    blind = _blind(names, config)
    start = np.array([config.start_s.get(name, 0.0) for name in names])[tracks.video]
    frames, boxes = zip(*(piece.boxes() for piece in tracks.pieces), strict=True)
    twins = twins_of(tracks.video, frames, boxes)
    return Units(described.vectors, tracks.camera, tracks.video, first + start, last + start, blind, twins)


def _blind(names: list[str], config: SceneConfig) -> Bools | None:
    """Pairs of videos that have a common clock and no common place."""
    given = [*config.start_s, *(name for group in config.disjoint for name in group)]
    problems = Problems()
    for name in dict.fromkeys(given):
        if name not in names:
            problems.add(name, f"is not a video of the crops{did_you_mean(name, names)}")
    for name in dict.fromkeys(name for group in config.disjoint for name in group):
        if name not in config.start_s:
            problems.add(name, "is in disjoint, but start_s does not say when it begins")
    problems.raise_if_any("{n} problems in start_s and disjoint")
    if not config.disjoint:
        return None
    blind = np.zeros((len(names), len(names)), bool)
    for group in config.disjoint:
        at = [names.index(name) for name in group]
        blind[np.ix_(at, at)] = True
    np.fill_diagonal(blind, False)
    return blind


def known_of(tracks: Tracks, described: Described, *, one_sided: bool) -> Known:
    """Judgements, and annotations: tracks of one pid are one person.

    Tracks of two pids are settled as two people, with two exceptions: with `one_sided`, an identity seen from
    the air only and one seen from the ground only may be one; and so may two identities whose tracks all come
    from accepted pairs, because accepting a pair says nothing about third tracks.
    """
    pid = pids(tracks)
    side = sides_seen(tracks)
    loose = _accepted_only(tracks, pid)
    by_pid: dict[int, list[int]] = defaultdict(list)
    for at in np.flatnonzero(pid >= 0):
        by_pid[int(pid[at])].append(int(at))
    same = [(members[0], other) for members in by_pid.values() for other in members[1:]]

    def settled(rows: Ints, columns: Ints) -> Bools:
        one, other = rows[:, None], columns[None, :]
        found = (pid[one] >= 0) & (pid[other] >= 0) & (pid[one] != pid[other])
        if one_sided:
            found &= side[one] + side[other] != AERIAL + GROUND
        found &= ~(loose[one] & loose[other])
        junk = (pid[one] == JUNK_PID) | (pid[other] == JUNK_PID)
        return np.asarray((found | junk) & (one != other), np.bool_)

    return Known(described.halves, described.halved, [*same, *tracks.same], tracks.differ, settled)


def _accepted_only(tracks: Tracks, pid: Ints) -> Bools:
    """Whether all tracks of the piece's identity are in accepted pairs of it."""
    accepted = np.zeros(len(pid), bool)
    for a, b in tracks.same:
        accepted[[a, b]] |= pid[a] == pid[b]
    return (pid >= 0) & ~np.isin(pid, pid[~accepted])


def pids(tracks: Tracks) -> Ints:
    """The pid of each piece; -1 for a non-person, -2 if undecided."""
    return np.array([-2 if piece.pid is None else piece.pid for piece in tracks.pieces], np.int64)


def sides_seen(tracks: Tracks) -> Ints:
    """Of each piece's identity: seen from the air (1), from the ground (2), or both (5)."""
    own = [AERIAL if VIEW_OF_PLATFORM[p.platform] == "aerial" else GROUND for p in tracks.pieces]
    seen: dict[int, set[int]] = defaultdict(set)
    for piece, side in zip(tracks.pieces, own, strict=True):
        if piece.pid is not None:
            seen[piece.pid].add(side)
    both = [p.pid is not None and len(seen[p.pid]) == 2 for p in tracks.pieces]
    return np.where(both, BOTH, own).astype(np.int64)


def doubts(tracks: Tracks, described: Described) -> Doubt:
    """How likely each piece is not a person, two people, or too blurred."""
    pieces = tracks.pieces
    signals = dict(
        zip(
            SIGNALS,
            (
                _mean(pieces, "score"),
                _mean(pieces, "in_frame"),
                _mean(pieces, "sharpness"),
                np.where(np.array([len(p.rows) for p in pieces]) > 1, described.spread, np.nan),
                _shape(tracks),
                np.array([len(p.rows) for p in pieces], np.float64),
            ),
            strict=True,
        )
    )
    junk = [None if p.pid is None else p.pid == JUNK_PID for p in pieces]
    return doubt(signals, tracks.camera, junk)


def _mean(pieces: list[Piece], name: str) -> npt.NDArray[np.float64]:
    known = ([row[name] for row in piece.rows if row[name] is not None] for piece in pieces)
    return np.array([np.mean(values) if values else np.nan for values in known], np.float64)


def _shape(tracks: Tracks) -> npt.NDArray[np.float64]:
    """How far the ratio of width to height is from the camera's median, as a factor's logarithm."""
    ratio = np.array([np.median([r["width"] / r["height"] for r in p.rows]) for p in tracks.pieces])
    camera = tracks.camera
    middle = {int(c): float(np.median(ratio[camera == c])) for c in np.unique(camera)}
    away: npt.NDArray[np.float64] = np.abs(np.log(ratio / np.array([middle[int(c)] for c in camera])))
    return away
