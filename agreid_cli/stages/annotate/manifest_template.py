"""Write identities.csv and attributes.csv ready to fill in: one row per track, one per known identity.

A file that contains annotations is never overwritten; missing rows go to a file beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from agreid_cli.attributes.attributes_csv import HELPERS
from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.csv_table import CsvTable, read_csv
from agreid_cli.attributes.identities_csv import Identities, read_identities
from agreid_cli.attributes.official import official_codebook
from agreid_cli.attributes.pids import PARTS, pid_of
from agreid_cli.attributes.words import many
from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.errors import InputError, Problems
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.crops import CROPS
from agreid_cli.records.files import write_csv
from agreid_cli.records.manifest import JUNK_PID
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.rows import Track, tracks_of

Row = dict[str, Any]
_WHO = ("video_id", "track_id", "pid", "platform", "session", "altitude", "first_frame", "last_frame",
        "crops", "contact_sheet")  # fmt: skip


@dataclass(frozen=True)
class TemplateResult:
    """The files written with their number of rows, those left unchanged, and the contact sheets."""

    written: dict[Path, int]
    kept: list[Path]
    contact_sheets: list[Path]
    codebook: Codebook


def write_template(
    workspace: Workspace, config: ManifestConfig, *, progress: Progress = SILENT
) -> TemplateResult:
    """Write the two files; `InputError` if both contain annotations and no row is missing."""
    codebook = official_codebook(config.age_fold).excluding(config.exclude)
    crops = CROPS.read(workspace.crops)
    rows = _track_rows(crops, workspace)
    if not rows:
        raise InputError(f"{workspace.crops} contains no track to annotate")
    if n := sum(track is None for track in tracks_of(crops)):
        progress.warn(f"no row for {many(n, 'crop')} that belong to no track")
    who = _known_people(workspace, {(row["video_id"], row["track_id"]) for row in rows})
    people = _identity_rows(crops, who)
    written: dict[Path, int] = {}
    kept: list[Path] = []
    for path, header, key, wanted in (
        (workspace.identities, _WHO, ("video_id", "track_id"), rows),
        (workspace.attributes, ("pid", *codebook.names, *HELPERS), ("pid",), people),
    ):
        target, left = _place(path, key, wanted)
        if target != path:
            kept.append(path)
        if target is not None:
            write_csv(target, [header, *([row.get(name, "") for name in header] for row in left)])
            written[target] = len(left)
    if not written:
        names = " and ".join(path.name for path in kept)
        raise InputError(
            f"{names} contain annotations and no row is missing; nothing was written",
            hint="Continue with: agreid build-manifest. To start again, move the files away first.",
        )
    videos = dict.fromkeys(row["video_id"] for row in rows)
    return TemplateResult(written, kept, [s for v in videos for s in workspace.contact_sheets(v)], codebook)


def _track_rows(crops: pa.Table, workspace: Workspace) -> list[Row]:
    """One row per track, in order of video and track."""
    tracks: dict[Track, Row] = {}
    columns = crops.select(["platform", "session", "altitude", "frame"]).to_pylist()
    for track, crop in zip(tracks_of(crops), columns, strict=True):
        if track is None:
            continue
        row = tracks.setdefault(track, {**crop, "frames": [], "crops": 0})
        row["crops"] += 1
        if crop["frame"] is not None:
            row["frames"].append(crop["frame"])
    found = []
    for (video, number), row in sorted(tracks.items()):
        sheets = workspace.contact_sheets(video)[:1]
        first, last = (min(row["frames"]), max(row["frames"])) if row["frames"] else (None, None)
        named = {"video_id": video, "track_id": number, "first_frame": first, "last_frame": last}
        shown = [f"{workspace.crops_dir.name}/{sheet.name}" for sheet in sheets]
        found.append({**row, **named, "contact_sheet": shown[0] if shown else None})
    return found


def _known_people(workspace: Workspace, tracks: set[Track]) -> Identities:
    """The identity of each annotated track, as far as identities.csv can be read."""
    if _held(workspace.identities, ("video_id", "track_id")) is None:
        return Identities({})
    problems = Problems()
    who = read_identities(workspace.identities, tracks, problems)
    problems.raise_if_any("{n} problems in identities.csv; nothing was written")
    return who


def _identity_rows(crops: pa.Table, who: Identities) -> list[Row]:
    """One row per identity, with the number of its crops and the largest of them."""
    rows: dict[int, Row] = {}
    best: dict[int, int] = {}
    columns = crops.select(["path", "frame", "width", "height"]).to_pylist()
    for track, crop in zip(tracks_of(crops), columns, strict=True):
        pid = who.pid(track, crop["frame"]) if track else None
        if pid is None or pid == JUNK_PID:
            continue
        row = rows.setdefault(pid, {"pid": pid, "crops": 0})
        row["crops"] += 1
        if crop["width"] * crop["height"] > best.get(pid, 0):
            best[pid] = crop["width"] * crop["height"]
            row["example"] = f"crops/{crop['path']}"
    return [rows[pid] for pid in sorted(rows)]


def _place(path: Path, key: Sequence[str], wanted: list[Row]) -> tuple[Path | None, list[Row]]:
    """Where rows may go: the file itself if it has no annotations, else a new one with the missing rows."""
    held = _held(path, key)
    if held is None:
        return path, wanted
    left = [row for row in wanted if tuple(str(row[name]) for name in key) not in held]
    beside = path.with_name(f"{path.stem}-new{path.suffix}")
    if not left or _held(beside, key) is not None:
        return None, []
    return beside, left


def _held(path: Path, key: Sequence[str]) -> set[tuple[str, ...]] | None:
    """The keys of an annotated file; None if the file may be overwritten.

    An unreadable file may contain anything, and counts as annotated.
    """
    if not path.exists() or (path.is_file() and not path.read_bytes().strip()):
        return None
    problems = Problems()
    table = read_csv(path, problems)
    rows = list(table.good_rows(problems))
    columns = [name.replace("_", "") for name in key]
    keys = {tuple(row.cells.get(column, "") for column in columns) for row in rows}
    if key == ("pid",):
        keys = {(str(pid_of(table, row, problems)),) for row in rows}
    return keys if problems.n or _annotated(table, key) else None


def _annotated(table: CsvTable, key: Sequence[str]) -> bool:
    helpers = {column.replace("_", "") for column in (*_WHO, *HELPERS)} - {"pid"}
    if key == ("pid",):
        helpers |= {"pid", *PARTS}
    return any(text for row in table.rows for column, text in row.cells.items() if column not in helpers)
