"""Common parts of the file formats of annotation tools.

A track is identified by `<video_id>:<track_id>` in a separate field `track`, because the tools renumber and
rename what they show. A pid is text: blank is not annotated yet, -1 is not a person.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa

from agreid_cli.datasets.boxes import boxed_rows
from agreid_cli.datasets.video_facts import VideoFacts
from agreid_cli.errors import InputError, Problems
from agreid_cli.records.artefact import metadata
from agreid_cli.records.manifest import CODEBOOK_KEY

#: The prefix of the label columns in the exported table: `label:gender`.
LABEL = "label:"
PERSON = "person"


Box = tuple[float, float, float, float]  # x1, y1, x2, y2 in pixels of the video that the crops come from


@dataclass(frozen=True)
class Covered:
    """Frames `first`..`last` (both included) of a track, with their annotations.

    `keys` are the boxes stored by the tool, (frame, box) in order of frames; between them it interpolates.
    """

    track: tuple[str, int]
    first: int
    last: int
    pid: str
    labels: dict[str, str]
    where: str  # the file, and the track or region in it: for messages, and no two have the same
    keys: tuple[tuple[int, Box], ...] = ()

    def box_at(self, frame: int) -> Box | None:
        """The box on a frame, interpolated as the tools do; None if no box is known.

        >>> keys = ((0, (0.0, 0.0, 10.0, 10.0)), (10, (10.0, 0.0, 20.0, 10.0)))
        >>> part = Covered(("a", 1), 0, 20, "", {}, "", keys)
        >>> part.box_at(5), part.box_at(15)
        ((5.0, 0.0, 15.0, 10.0), (10.0, 0.0, 20.0, 10.0))
        """
        if not self.keys:
            return None
        at = bisect_right(self.keys, frame, key=lambda key: key[0])
        (before, one), (after, other) = self.keys[max(at - 1, 0)], self.keys[min(at, len(self.keys) - 1)]
        if after <= before:
            return one
        part = min(max((frame - before) / (after - before), 0.0), 1.0)
        x1, y1, x2, y2 = (a + part * (b - a) for a, b in zip(one, other, strict=True))
        return x1, y1, x2, y2


@dataclass(frozen=True)
class ToolFile:
    """The runs in a file, and notes on its unused content."""

    runs: list[Covered]
    notes: list[str]


#: (file, video_id → facts from the crops, problems) → what is in the file.
ToolReader = Callable[[Path, Mapping[str, VideoFacts], Problems], ToolFile]


@dataclass(frozen=True)
class AskedGroup:
    """An attribute and the labels to choose from."""

    name: str
    title: str
    words: tuple[str, ...]


def asked_groups(table: pa.Table) -> list[AskedGroup]:
    """The groups of the table's codebook. A value in the data that is not a label is offered as well."""
    groups = []
    for group in json.loads(metadata(table)[CODEBOOK_KEY])["groups"]:
        used = table[LABEL + group["name"]].unique().drop_null().to_pylist()
        words = tuple(dict.fromkeys((*group["labels"], *sorted(word for word in used if word))))
        groups.append(AskedGroup(group["name"], group["title"], words))
    return groups


def tracked_videos(table: pa.Table) -> tuple[dict[str, list[list[dict[str, Any]]]], list[str]]:
    """Video → its tracks → their rows in frame order; and notes on what is left out."""
    rows, notes = boxed_rows(table)
    tracked = [row for row in rows if row["track_id"] is not None]
    if not tracked:
        raise InputError("no crop belongs to a track, but annotation tools need tracks")
    if len(tracked) < len(rows):
        notes.append(f"{len(rows) - len(tracked)} crops belong to no track and are left out")
    tracked.sort(key=lambda row: (row["video_id"], row["track_id"], row["frame"]))
    videos: dict[str, list[list[dict[str, Any]]]] = {}
    for (video, _), of_track in groupby(tracked, key=lambda row: (row["video_id"], row["track_id"])):
        videos.setdefault(video, []).append(list(of_track))
    return videos, notes


def track_name(row: dict[str, Any]) -> str:
    """The text that identifies a track.

    >>> track_name({"video_id": "a:b", "track_id": 3}), track_named("a:b:3"), track_named("3")
    ('a:b:3', ('a:b', 3), None)
    """
    return f"{row['video_id']}:{row['track_id']}"


def track_named(text: str) -> tuple[str, int] | None:
    """The inverse of `track_name`; None if the text names no track."""
    video, mark, number = text.strip().rpartition(":")
    return (video, int(number)) if mark and video and number.isdecimal() else None


def pid_text(row: dict[str, Any]) -> str:
    return "" if row["pid"] is None else str(row["pid"])


def joined_runs(parts: Iterable[Covered]) -> list[Covered]:
    """Neighbouring runs of one track with the same words become one."""
    runs: list[list[Covered]] = []
    for part in parts:
        last = runs[-1][-1] if runs else None
        if last and (last.track, last.pid, last.labels, last.last + 1) == (
            part.track,
            part.pid,
            part.labels,
            part.first,
        ):
            runs[-1].append(part)
        else:
            runs.append([part])
    return [
        replace(of_one[0], last=of_one[-1].last, keys=tuple(key for part in of_one for key in part.keys))
        for of_one in runs
    ]
