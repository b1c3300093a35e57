"""What the files of annotation tools have in common, whichever tool it is.

A track is named `<video_id>:<track_id>` in a field `track` of its own, for the tools number and rename what
they show. A pid is text: blank is not annotated yet, -1 is no person.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa

from agreid_cli.datasets.boxes import boxed_rows
from agreid_cli.errors import InputError, Problems
from agreid_cli.records.artefact import metadata
from agreid_cli.records.manifest import CODEBOOK_KEY

#: The prefix of the columns of labels in the table that is exported: `label:gender`.
LABEL = "label:"
PERSON = "person"


@dataclass(frozen=True)
class Covered:
    """Frames `first`..`last` (both included) of a track, and what the annotator said of them."""

    track: tuple[str, int]
    first: int
    last: int
    pid: str
    labels: dict[str, str]
    where: str  # the file, and the track or region in it: for messages, and no two have the same


#: (file, problems) → the runs in it.
ToolReader = Callable[[Path, Problems], list[Covered]]


@dataclass(frozen=True)
class AskedGroup:
    """An attribute and the words that may be chosen."""

    name: str
    title: str
    words: tuple[str, ...]


def asked_groups(table: pa.Table) -> list[AskedGroup]:
    """The groups of the table's codebook. A word in the data that is no label is offered as well."""
    groups = []
    for group in json.loads(metadata(table)[CODEBOOK_KEY])["groups"]:
        used = table[LABEL + group["name"]].unique().drop_null().to_pylist()
        words = tuple(dict.fromkeys((*group["labels"], *sorted(word for word in used if word))))
        groups.append(AskedGroup(group["name"], group["title"], words))
    return groups


def tracked_videos(table: pa.Table) -> tuple[dict[str, list[list[dict[str, Any]]]], list[str]]:
    """Video → its tracks → their rows in order of frame; and notes of what is left out."""
    rows, notes = boxed_rows(table)
    tracked = [row for row in rows if row["track_id"] is not None]
    if not tracked:
        raise InputError("no crop belongs to a track, and annotation tools show tracks")
    if len(tracked) < len(rows):
        notes.append(f"{len(rows) - len(tracked)} crops belong to no track and are left out")
    tracked.sort(key=lambda row: (row["video_id"], row["track_id"], row["frame"]))
    videos: dict[str, list[list[dict[str, Any]]]] = {}
    for (video, _), of_track in groupby(tracked, key=lambda row: (row["video_id"], row["track_id"])):
        videos.setdefault(video, []).append(list(of_track))
    return videos, notes


def track_name(row: dict[str, Any]) -> str:
    """The words that find a track again.

    >>> track_name({"video_id": "a:b", "track_id": 3}), track_named("a:b:3"), track_named("3")
    ('a:b:3', ('a:b', 3), None)
    """
    return f"{row['video_id']}:{row['track_id']}"


def track_named(text: str) -> tuple[str, int] | None:
    """The inverse of `track_name`; None when the text names no track."""
    video, mark, number = text.strip().rpartition(":")
    return (video, int(number)) if mark and video and number.isdecimal() else None


def pid_text(row: dict[str, Any]) -> str:
    return "" if row["pid"] is None else str(row["pid"])


def joined_runs(parts: Iterable[Covered]) -> list[Covered]:
    """Neighbouring runs of one track with the same words become one."""
    runs: list[Covered] = []
    for part in parts:
        last = runs[-1] if runs else None
        if last and (last.track, last.pid, last.labels, last.last + 1) == (
            part.track,
            part.pid,
            part.labels,
            part.first,
        ):
            runs[-1] = Covered(last.track, last.first, part.last, last.pid, last.labels, last.where)
        else:
            runs.append(part)
    return runs
