"""The tracks of a workspace as they are compared: parts, annotations, times, and one vector each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from agreid_cli.attributes.identities_csv import Identities, Span, read_identities
from agreid_cli.attributes.judgements_csv import Judgement, Judgements, read_judgements
from agreid_cli.attributes.words import many
from agreid_cli.config.identify import CompareConfig
from agreid_cli.errors import InputError, Problems
from agreid_cli.metrics.clustering.units import Floats, Ints, centred, pooled, unit_length
from agreid_cli.metrics.quality import crop_quality
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.crops import CROPS
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.judged import judged_parts
from agreid_cli.stages.annotate.proposed import crops_digest
from agreid_cli.stages.annotate.review import NEEDED, parts_of, rows_by_track
from agreid_cli.stages.annotate.rows import Track, tracks_of
from agreid_cli.stages.identify.embed_units import VideoCrops
from agreid_cli.stages.identify.embedders import CropEmbedder, embed_video

BOX = ("x1", "y1", "x2", "y2")
COLUMNS = (*NEEDED, "score", "sharpness", "in_frame", *BOX)


@dataclass(frozen=True)
class Piece:
    """A track, or the part of a divided one, in the page's order. pid: None if undecided."""

    track: Track
    whole: bool
    rows: list[dict[str, Any]]  # in order of frames
    pid: int | None

    @property
    def frame(self) -> int | None:
        """The frame of the first crop: with the track it names the piece."""
        frame: int | None = self.rows[0]["frame"]
        return frame

    @property
    def platform(self) -> str:
        return str(self.rows[0]["platform"])

    def boxes(self) -> tuple[Ints, np.ndarray]:
        """The frames in which its box is known, and x1, y1, x2, y2 in each."""
        known = [row for row in self.rows if row["frame"] is not None and row["x1"] is not None]
        box = np.array([[row[side] for side in BOX] for row in known], np.float64).reshape(-1, 4)
        return np.array([row["frame"] for row in known], np.int64), box

    def times(self) -> tuple[float, float]:
        """Of the first and last crop: seconds of the video, else frames; NaN where neither is known."""
        for name in ("time_s", "frame"):
            known = [row[name] for row in self.rows if row[name] is not None]
            if known:
                return float(min(known)), float(max(known))
        return float("nan"), float("nan")


@dataclass(frozen=True)
class Tracks:
    """All pieces of a workspace, and the pairs that a person has judged, as places among the pieces.

    crops: changes with any track or crop.
    """

    pieces: list[Piece]
    same: list[tuple[int, int]]
    differ: list[tuple[int, int]]
    crops: str
    spans: dict[Track, tuple[Span, ...]] = field(default_factory=dict)  # the rows of identities.csv
    judged: tuple[Judgement, ...] = ()
    whole: frozenset[int] = frozenset()  # pieces of which a person has said that they show one person
    notes: list[str] = field(default_factory=list)

    @property
    def camera(self) -> Ints:
        return np.array([piece.rows[0]["camid"] for piece in self.pieces], np.int64)

    @property
    def video(self) -> Ints:
        names = {name: at for at, name in enumerate(dict.fromkeys(p.track[0] for p in self.pieces))}
        return np.array([names[piece.track[0]] for piece in self.pieces], np.int64)

    def n_embedded(self, most: int) -> int:
        """The number of crops that are embedded, at most `most` of each piece."""
        return sum(min(len(piece.rows), most) for piece in self.pieces)


def read_tracks(
    workspace: Workspace, *, identities: Path | None = None, judgements: Path | None = None
) -> Tracks:
    """The pieces of all tracks with what has been decided; `InputError` lists every problem of the files."""
    crops = CROPS.read(workspace.crops)
    of_track = rows_by_track(crops, COLUMNS)
    if not of_track:
        raise InputError(f"{workspace.crops} contains no track to compare")
    problems = Problems()
    who_file = identities or workspace.identities
    there = who_file.is_file() and bool(who_file.read_bytes().strip())
    who = read_identities(who_file, of_track.keys(), problems) if there or identities else Identities({})
    told_file = judgements or workspace.judgements
    told = Judgements([])
    if judgements is not None or told_file.is_file():
        told = read_judgements(told_file, of_track.keys(), problems)
    pieces = [
        Piece(
            track,
            first == 0 and last == len(rows) - 1,
            rows[first : last + 1],
            None if pid is None else int(pid),
        )
        for track, rows in of_track.items()
        for first, last, pid in parts_of(track, rows, who)
    ]
    parts = [(piece.track, piece.frame) for piece in pieces]
    same, differ, within = judged_parts(parts, told, told_file.name, problems)
    problems.raise_if_any(
        "{n} problems in the annotations; nothing was written",
        hint="Fix them, then run the same command again.",
    )
    notes = [*who.notes, *told.notes]
    if within:
        notes.append(
            f"{told_file.name}: {many(len(within), 'judgement')} not used: "
            "both sides are now in one part of a track"
        )
    if lost := sum(track is None for track in tracks_of(crops)):
        notes.append(f"{many(lost, 'crop')} that belong to no track are not compared")
    whole = frozenset(part for part, one in within if one)
    return Tracks(
        pieces, same, differ, crops_digest(of_track), who.spans, tuple(told.rows), whole, notes
    )  # fmt: skip


@dataclass(frozen=True)
class Described:
    """Of n pieces: one vector each; the vectors of the first and the last third of their crops, with the
    indices of these pieces; and the spread of a piece's crops (1 - mean cosine to its vector).
    """

    vectors: Floats
    halves: tuple[Floats, Floats]
    halved: Ints
    spread: np.ndarray
    crops: Floats  # the embedded crops, of unit length, piece by piece in order of time
    piece: Ints  # of each crop
    weight: np.ndarray


def describe(
    workspace: Workspace,
    tracks: Tracks,
    embedder: CropEmbedder,
    config: CompareConfig,
    progress: Progress = SILENT,
    *,
    fill: Callable[[Sequence[VideoCrops]], None] | None = None,
) -> Described:
    """Embed some crops of each piece, and pool them. `fill` may embed the crops into the cache before."""
    piece, rows = [], []
    for at, one in enumerate(tracks.pieces):
        chosen = evenly(len(one.rows), config.crops)
        rows += [one.rows[n] for n in chosen]
        piece += [at] * len(chosen)
    of_video: dict[str, list[int]] = defaultdict(list)
    for n, at in enumerate(piece):
        of_video[tracks.pieces[at].track[0]].append(n)
    wanted = {video: _crops(workspace, video, [rows[n] for n in mine]) for video, mine in of_video.items()}
    if fill is not None:
        fill(list(wanted.values()))
    parts: dict[int, Floats] = {}
    with progress.task("embedding tracks", len(rows), "crops") as task:
        for video, mine in of_video.items():
            what = wanted[video]
            found = embed_video(workspace, embedder, video, what.paths, what.camid, what.platform)
            parts |= dict(zip(mine, found, strict=True))
            task.advance(len(mine))
    number = np.array(piece, np.int64)
    crop = unit_length(np.stack([parts[n] for n in range(len(rows))]))
    camera = tracks.camera
    if config.centre:
        crop = centred(crop, camera[number])
    weight = np.ones(len(rows))
    if config.pool == "quality":
        score, in_frame, sharpness = (
            np.array([np.nan if row[name] is None else row[name] for row in rows], np.float64)
            for name in ("score", "in_frame", "sharpness")
        )
        weight = crop_quality(score, in_frame, sharpness, camera[number])
    vectors = pooled(crop, number, weight)
    spread = 1 - np.bincount(number, (crop * vectors[number]).sum(axis=1)) / np.bincount(number)
    return Described(vectors, *_halves(crop, number, weight), spread, crop, number, weight)


def _crops(workspace: Workspace, video: str, rows: Sequence[Mapping[str, Any]]) -> VideoCrops:
    paths = tuple(workspace.crops_dir / row["path"] for row in rows)
    return VideoCrops(
        video, paths, tuple(row["camid"] for row in rows), tuple(row["platform"] for row in rows)
    )


def evenly(n: int, most: int) -> list[int]:
    """At most `most` of 0 … n - 1, evenly spread, with both ends.

    >>> evenly(3, 8), evenly(9, 3), evenly(5, 1)
    ([0, 1, 2], [0, 4, 8], [2])
    """
    if n <= most:
        return list(range(n))
    return [n // 2] if most == 1 else np.linspace(0, n - 1, most).round().astype(int).tolist()


def _halves(crop: Floats, number: Ints, weight: np.ndarray) -> tuple[tuple[Floats, Floats], Ints]:
    """The first and the last third of each piece's crops, of pieces with at least two: certain pairs."""
    count = np.bincount(number)
    at = np.arange(len(number)) - np.repeat(np.cumsum(count) - count, count)
    third = np.maximum(count // 3, 1)[number]
    halved = np.flatnonzero(count >= 2)
    place = np.full(len(count), -1)
    place[halved] = np.arange(len(halved))
    sides = []
    for mine in (at < third, at >= count[number] - third):
        keep = mine & (place[number] >= 0)
        sides.append(pooled(crop[keep], place[number[keep]], weight[keep]))
    return (sides[0], sides[1]), halved
