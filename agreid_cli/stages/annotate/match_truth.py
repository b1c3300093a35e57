"""Crops and ground truth of a campus → identities.csv and attributes.csv, otherwise annotated by hand."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agreid_cli.errors import InputError, MissingError
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.boxes import box_ious
from agreid_cli.records.campus import PARTS_A_TRACK, TRACKS, Campus
from agreid_cli.records.crops import CROPS
from agreid_cli.records.files import disk_error, sha256, write_csv, write_text
from agreid_cli.records.manifest import JUNK_PID
from agreid_cli.records.workspace import Workspace

#: Minimum overlap (intersection over union) of a crop's box with the box of the person it shows.
LEAST_IOU = 0.4
_COLUMNS = ("video_id", "track_id", "pid", "frame_from", "frame_to")
Row = dict[str, Any]


@dataclass(frozen=True)
class MatchResult:
    """split_tracks: those in which the tracker changed from one person to another. junk: without a person.

    masks: crops with a mask of body parts; strange: crops of videos that do not belong to the campus.
    """

    path: Path
    tracks: int
    identities: int
    split_tracks: int
    junk_tracks: int
    masks: int
    strange: int


def match_truth(workspace: Workspace, *, overwrite: bool = False, progress: Progress = SILENT) -> MatchResult:
    """Give each track of the campus's videos the identity whose true box its crops overlap.

    A track that changes from one person to another is divided by frames, as an annotator would do; one that
    is on nobody is junk. Annotations from another source are replaced only with `overwrite`.
    """
    campus = _finished(workspace)
    if not overwrite and workspace.identities.exists() and not _ours(workspace):
        raise InputError(
            f"{workspace.identities} exists and was not made from the ground truth",
            hint="Keep it, or replace it and attributes.csv with --overwrite.",
        )
    table = CROPS.read(workspace.crops)
    crops = [row for row in table.to_pylist() if row["video_id"] in set(campus.videos)]
    if not crops:
        raise InputError(
            f"{workspace.crops} contains no crop of the campus's videos",
            hint=f"Extract them: agreid extract-crops {workspace.videos}/*.mp4",
        )
    people = _people_in(workspace, crops)
    rows, divided = _identity_rows(crops, people)
    write_csv(workspace.identities, [_COLUMNS, *rows])
    shown = {row[2] for row in rows}
    with open(workspace.truth.attributes, newline="", encoding="utf-8") as file:
        header, *looks = csv.reader(file)
    write_csv(workspace.attributes, [header, *(look for look in looks if int(look[0]) in shown)])
    masks = _write_masks(workspace, crops, people, progress)
    _mark(workspace)
    return MatchResult(
        path=workspace.identities,
        tracks=len({row[:2] for row in rows}),
        identities=len(shown - {JUNK_PID}),
        split_tracks=divided,
        junk_tracks=sum(row[2] == JUNK_PID for row in rows),
        masks=masks,
        strange=table.num_rows - len(crops),
    )


def take_over(workspace: Workspace, progress: Progress) -> None:
    """Match if nothing is annotated and the workspace has a finished campus with videos; else do nothing."""
    campus = Campus.read(workspace.truth.record)
    if campus is None or campus.truth_only or not campus.complete or not workspace.crops.is_file():
        return
    if workspace.identities.exists() and (not _ours(workspace) or _fresh(workspace)):
        return
    found = match_truth(workspace, progress=progress)
    progress.note(
        f"identities taken from the campus's ground truth: {found.identities} in {found.tracks} tracks, "
        f"{found.split_tracks} of them divided, {found.junk_tracks} on nobody ({found.path})"
    )


def _finished(workspace: Workspace) -> Campus:
    campus = Campus.read(workspace.truth.record)
    if campus is None:
        raise MissingError(
            f"{workspace.root} contains no ground truth to match with",
            hint="Create a campus with: agreid synth",
        )
    if not campus.complete:
        raise MissingError(
            f"the campus in {workspace.root} is not finished", hint="Run the same agreid synth again."
        )
    if campus.truth_only:
        raise InputError("the crops of a --truth-only campus already have their identities")
    return campus


def _people_in(workspace: Workspace, crops: Sequence[Row]) -> dict[str, tuple[int, int]]:
    """crop_id to pid and true track of the person in the crop; crops that show nobody are left out."""
    of_frame: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for crop in crops:
        if crop["frame"] is not None and crop["x1"] is not None:
            of_frame[crop["video_id"], crop["frame"]].append(crop)
    people = {}
    for video in sorted({video for video, _ in of_frame}):
        truth: dict[int, list[Row]] = defaultdict(list)
        wanted = pa.array([frame for name, frame in of_frame if name == video], pa.int32())
        table = TRACKS.read(workspace.truth.tracks(video))
        for row in table.filter(pc.is_in(table["frame"], value_set=wanted)).to_pylist():
            truth[row["frame"]].append(row)
        for (name, frame), here in of_frame.items():
            if name != video or not truth[frame]:
                continue
            whole = np.array([[row[k] for k in ("x1", "y1", "x2", "y2")] for row in truth[frame]])
            seen = np.array([[row[f"seen_{k}"] for k in ("x1", "y1", "x2", "y2")] for row in truth[frame]])
            for crop in here:
                box = np.array([[crop[k] for k in ("x1", "y1", "x2", "y2")]])
                fits = np.maximum(box_ious(box, whole), box_ious(box, seen))[0]
                if fits.max() >= LEAST_IOU:
                    best = truth[frame][int(fits.argmax())]
                    people[crop["crop_id"]] = (best["pid"], best["track_id"])
    return people


def _identity_rows(
    crops: Sequence[Row], people: dict[str, tuple[int, int]]
) -> tuple[list[tuple[Any, ...]], int]:
    """Rows of identities.csv, and the number of divided tracks."""
    tracks: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for crop in crops:
        if crop["track_id"] is not None and crop["frame"] is not None:
            tracks[crop["video_id"], crop["track_id"]].append(crop)
    rows: list[tuple[Any, ...]] = []
    divided = 0
    for (video, track), mine in sorted(tracks.items()):
        spans: list[tuple[int, int]] = []  # first frame, pid
        for crop in sorted(mine, key=lambda crop: crop["frame"]):
            pid = people[crop["crop_id"]][0] if crop["crop_id"] in people else None
            if pid is not None and (not spans or spans[-1][1] != pid):
                spans.append((crop["frame"], pid))
        if len(spans) < 2:
            rows.append((video, track, spans[0][1] if spans else JUNK_PID, "", ""))
            continue
        divided += 1
        for at, (first, pid) in enumerate(spans):
            last = spans[at + 1][0] - 1 if at + 1 < len(spans) else ""
            rows.append((video, track, pid, first if at else "", last))
    return rows, divided


def _write_masks(
    workspace: Workspace, crops: Sequence[Row], people: dict[str, tuple[int, int]], progress: Progress
) -> int:
    """Cut the body parts of each crop's person from the maps of whole frames."""
    truth, count = workspace.truth, 0
    of_frame: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for crop in crops:
        if crop["crop_id"] in people and truth.frame_parts(crop["video_id"], crop["frame"]).is_file():
            of_frame[crop["video_id"], crop["frame"]].append(crop)
    with progress.task("body parts", len(of_frame), "frames") as task:
        for (video, frame), here in sorted(of_frame.items()):
            whole = cv2.imread(str(truth.frame_parts(video, frame)), cv2.IMREAD_UNCHANGED)
            if whole is None:
                raise InputError(
                    f"{truth.frame_parts(video, frame)} is not an image",
                    hint="Create the campus again with: agreid synth --overwrite",
                )
            for crop in here:
                x1, y1, x2, y2 = (int(crop[k]) for k in ("x1", "y1", "x2", "y2"))
                number, part = np.divmod(whole[y1:y2, x1:x2], PARTS_A_TRACK)
                mask = np.where(number == people[crop["crop_id"]][1], part, 0).astype(np.uint8)
                path = truth.crop_parts(crop["path"])
                try:
                    path.write_bytes(bytes(cv2.imencode(".png", mask)[1]))
                except OSError as error:
                    raise disk_error(path, error) from error
                count += 1
            task.advance(1)
    return count


def _mark_path(workspace: Workspace) -> Path:
    return workspace.truth.root / "matched.json"


def _mark(workspace: Workspace) -> None:
    """Record what was written from which crops, to recognise the files as ours and up to date."""
    files = {"identities": workspace.identities, "crops": workspace.crops}
    write_text(_mark_path(workspace), json.dumps({name: sha256(path) for name, path in files.items()}) + "\n")


def _marks(workspace: Workspace) -> dict[str, str]:
    try:
        found = json.loads(_mark_path(workspace).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _ours(workspace: Workspace) -> bool:
    return _marks(workspace).get("identities") == sha256(workspace.identities)


def _fresh(workspace: Workspace) -> bool:
    return _marks(workspace).get("crops") == sha256(workspace.crops)
