"""The data of the page of suspicions: the tracks that it shows, the file's rows, and the suspicions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from agreid_cli.attributes.identities_csv import FIRST, LAST, Span
from agreid_cli.attributes.judgements_csv import Judgement
from agreid_cli.stages.identify.suspect import Suspicion
from agreid_cli.stages.identify.tracks import Piece, Tracks, evenly

#: Crops of a track that are shown; of one that may show two people, all.
SHOWN = 12
#: Tracks of an identity that are shown, with those of the suspicion first.
MOST_TRACKS = 12


def page_data(
    tracks: Tracks, found: Sequence[Suspicion], address: Callable[[dict[str, Any]], str]
) -> dict[str, Any]:
    """`address` gives the link of a crop's row. pids are text, because JavaScript's integers end at 2^53."""
    by_pid: dict[int, list[int]] = {}
    for unit, piece in enumerate(tracks.pieces):
        by_pid.setdefault(-2 if piece.pid is None else piece.pid, []).append(unit)
    members: dict[int, list[int]] = {}
    for one in found:
        for pid in _whole(one):
            first = [unit for unit in (one.unit, one.near, *one.marked) if unit in by_pid[pid]]
            members[pid] = list(dict.fromkeys((*members.get(pid, ()), *first)))
    for pid, first in members.items():
        members[pid] = sorted(list(dict.fromkeys((*first, *by_pid[pid])))[: max(MOST_TRACKS, len(first))])
    cut = {one.unit for one in found if one.kind == "mixed-track"}
    shown = {unit for one in found for unit in (one.unit, one.near, one.own) if unit is not None}
    shown |= {unit for units in members.values() for unit in units}
    spans = [(track, span) for track, of_track in sorted(tracks.spans.items()) for span in of_track]
    place = {(track, span.first): at for at, (track, span) in enumerate(spans)}
    number = {unit: at for at, unit in enumerate(sorted(shown))}
    rows = [_row(track, span) for track, span in spans]
    judgements = [_judgement(row) for row in tracks.judged]
    return {
        "fingerprint": _digest(rows, judgements, found),
        "spans": rows,
        "judgements": judgements,
        "members": {str(pid): [number[unit] for unit in units] for pid, units in sorted(members.items())},
        "pieces": [
            _piece(tracks.pieces[unit], place[_span(tracks, tracks.pieces[unit])], unit in cut, address)
            for unit in sorted(shown)
        ],
        "suspicions": [
            {
                "kind": one.kind,
                "probability": round(one.probability, 4),
                "reason": one.reason,
                "pid": str(one.pid),
                "other": None if one.other is None else str(one.other),
                "unit": number[one.unit],
                "near": None if one.near is None else number[one.near],
                "own": None if one.own is None else number[one.own],
                "marked": list(one.marked)
                if one.kind != "mixed-identity"
                else [number[unit] for unit in one.marked if unit in number],
            }
            for one in found
        ],
    }


def _whole(one: Suspicion) -> tuple[int, ...]:
    """The identities of which all tracks are shown."""
    if one.kind == "same-person":
        assert one.other is not None
        return one.pid, one.other
    return (one.pid,) if one.kind == "mixed-identity" else ()


def _span(tracks: Tracks, piece: Piece) -> tuple[tuple[str, int], int]:
    """The row of identities.csv that a piece is of."""
    spans = tracks.spans[piece.track]
    frame = piece.frame
    mine = next(s for s in spans if s.is_whole or (frame is not None and s.first <= frame <= s.last))
    return piece.track, mine.first


def _row(track: tuple[str, int], span: Span) -> list[Any]:
    ends = ("" if span.first == FIRST else span.first, "" if span.last == LAST else span.last)
    return [*track, *ends, "" if span.pid is None else str(span.pid)]


def _judgement(row: Judgement) -> list[Any]:
    frames = ["" if frame is None else frame for frame in (row.frame_a, row.frame_b)]
    return [*row.a, frames[0], *row.b, frames[1], int(row.same)]


def _piece(piece: Piece, span: int, every: bool, address: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    rows = piece.rows if every else [piece.rows[at] for at in evenly(len(piece.rows), SHOWN)]
    return {
        "video": piece.track[0],
        "track": piece.track[1],
        "whole": piece.whole,
        "span": span,
        "crops": [
            {"src": address(row), "width": row["width"], "height": row["height"], "frame": row["frame"]}
            for row in rows
        ],
    }


def _digest(rows: list[list[Any]], judgements: list[list[Any]], found: Sequence[Suspicion]) -> str:
    said = [(one.kind, one.pid, one.other, one.unit, one.near, one.marked) for one in found]
    return hashlib.sha256(repr((rows, judgements, said)).encode()).hexdigest()[:12]
