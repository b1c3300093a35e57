"""Export a manifest or crops table as MOTChallenge ground truth, one folder per video.

`gt/gt.txt` has frame (1-based), id, left, top, width, height, 1 (0 for junk: to be ignored), class 1 and
visibility. The id is the track's; if a manifest says that several tracks of a video are one person, all
have the id of the first. There are boxes only on frames with saved crops; to score a tracker on
every frame, save its tracks with: agreid extract-crops --save-mot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from agreid_cli.datasets.boxes import box_of, boxed_rows
from agreid_cli.datasets.formats import Crop, Plan
from agreid_cli.errors import InputError, Problems

PEDESTRIAN = 1
UNKNOWN_RATE = 30.0


def plan(table: pa.Table, crops: Sequence[Crop], direction: str) -> Plan:
    """`<video>/gt/gt.txt` and `<video>/seqinfo.ini` for every video."""
    rows, notes = boxed_rows(table)
    untracked = sum(row["track_id"] is None for row in rows)
    rows = [row for row in rows if row["track_id"] is not None]
    if not rows:
        raise InputError("no crop belongs to a track, but MOT files need tracks")
    if untracked:
        notes.append(f"{untracked} crops belong to no track and are left out")
    videos: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        videos[row["video_id"]].append(row)
    refuse_names(videos)
    texts = []
    for video, of_video in videos.items():
        texts.append((f"{video}/gt/gt.txt", "".join(_lines(of_video))))
        texts.append((f"{video}/seqinfo.ini", _seqinfo(video, of_video)))
    return Plan(texts=tuple(texts), notes=tuple(notes))


def _lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    first: dict[int, int] = {}
    for row in rows:
        pid, track = row.get("pid", -1), row["track_id"]
        if pid >= 0:
            first[pid] = min(first.get(pid, track), track)
    lines = []
    for row in rows:
        pid = row.get("pid")
        number = row["track_id"] if pid is None or pid < 0 else first[pid]
        box = ",".join(f"{value:.3f}".rstrip("0").rstrip(".") for value in box_of(row))
        counts = 0 if pid is not None and pid < 0 else 1
        visible = 1.0 if row.get("in_frame") is None else row["in_frame"]
        lines.append(f"{row['frame'] + 1},{number},{box},{counts},{PEDESTRIAN},{visible:.3g}\n")
    return lines


def _seqinfo(video: str, rows: Sequence[dict[str, Any]]) -> str:
    last = rows[-1]
    timed = [row for row in rows if row.get("time_s") and row["frame"]]
    rate = timed[-1]["frame"] / timed[-1]["time_s"] if timed else UNKNOWN_RATE
    return (
        "[Sequence]\n"
        f"name={video}\n"
        "imDir=img1\n"
        f"frameRate={rate:.6g}\n"
        f"seqLength={last['frame'] + 1}\n"
        f"imWidth={last['frame_width']}\n"
        f"imHeight={last['frame_height']}\n"
        "imExt=.jpg\n"
    )


def refuse_names(videos: Iterable[str]) -> None:
    """A video id is used as a folder name."""
    problems = Problems()
    for video in videos:
        if not video or "/" in video or "\\" in video or video.startswith("."):
            problems.add(f"video_id '{video}'", "cannot be used as a folder name")
    problems.raise_if_any("{n} video ids cannot be used as folder names")
