"""Crops given to `embed` and `search`: a table, a list, or a folder of images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from agreid_cli.datasets.own_folder import read as read_folder
from agreid_cli.datasets.rows import Remark, Row
from agreid_cli.datasets.tree import images
from agreid_cli.datasets.unused import ELSEWHERE, Unused, say_unused, unused
from agreid_cli.errors import InputError, MissingError, Problem
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.artefact import SCHEMA_KEY
from agreid_cli.records.box_cues import Cues, box_cues
from agreid_cli.records.crops import CROPS
from agreid_cli.records.image_files import is_litter
from agreid_cli.records.manifest import JUNK_PID, is_manifest, read_manifest
from agreid_cli.records.side import GivenSide
from agreid_cli.stages.run.crop_list import CSV
from agreid_cli.stages.run.crop_list import read as read_list

MOST_NAMED = 20


@dataclass(frozen=True)
class CropRows:
    """Crops by columns; `path` is the path of each image, `unused` the skipped files of a folder.

    box: of `records.box_cues`; None without a table of ours.
    """

    crop_id: list[str]
    path: list[Path]
    pid: list[int]
    camid: list[int | None]
    platform: list[str | None]
    unused: list[Unused] = field(default_factory=list)
    box: Cues | None = None

    def columns(self) -> dict[str, Sequence[Any]]:
        """As in an embeddings table; an unknown camera is 0."""
        camid = [number or 0 for number in self.camid]
        return {"crop_id": self.crop_id, "pid": self.pid, "camid": camid, "platform": self.platform}

    def described(self, given: GivenSide) -> CropRows:
        """The same with the options' platform and camera if the platform is unknown.

        Without a platform, camid 0 means an unknown camera, so it becomes None.
        """
        unknown = [name is None for name in self.platform]
        camid = [
            number if not lost or (number and given.camid is None) else given.camid
            for number, lost in zip(self.camid, unknown, strict=True)
        ]
        platform = [
            given.platform if lost else name for name, lost in zip(self.platform, unknown, strict=True)
        ]
        return replace(self, camid=camid, platform=platform)


def crop_rows(source: Path, progress: Progress = SILENT) -> CropRows:
    """The crops of `source`: a crops or manifest table, a CSV or Parquet list, or a folder of images."""
    if source.is_dir():
        return folder_rows(source, progress)
    if not source.is_file():
        what = "is not a regular file" if source.exists() else "does not exist"
        raise MissingError(f"{source} {what}", hint="Give a crops table, a list or a folder of images.")
    if source.suffix.lower() in CSV or not _marked(source):
        return list_rows(source, progress)
    return table_rows(source)


def table_rows(path: Path) -> CropRows:
    """A crops table, or a manifest, whose pids are kept; paths are relative to the table's folder."""
    table = read_manifest(path) if is_manifest(path) else CROPS.read(path)
    read = {name: table[name].to_pylist() for name in ("crop_id", "path", "camid", "platform")}
    pid = table["pid"].to_pylist() if "pid" in table.column_names else [JUNK_PID] * len(table)
    files = [path.parent / name for name in read["path"]]
    return CropRows(read["crop_id"], files, pid, read["camid"], read["platform"], box=box_cues(table))


def list_rows(file: Path, progress: Progress = SILENT) -> CropRows:
    """The images in a list. Only the path is required."""
    rows: list[Row] = []
    bad: list[Problem] = []
    for item in read_list(file, known=False):
        if isinstance(item, Remark):
            progress.note(item.text)
        elif isinstance(item, Row):
            rows.append(item)
        else:
            bad.append(item)
    if bad:
        more = [Problem("", f"… and {len(bad) - MOST_NAMED} more")] if len(bad) > MOST_NAMED else []
        raise InputError(
            f"{len(bad)} rows of {file} cannot be used", problems=[*bad[:MOST_NAMED], *more],
            hint="Correct or remove them.",
        )  # fmt: skip
    if not rows:
        raise InputError(f"{file} lists no image")
    return _rows(file.parent, rows)


def folder_rows(folder: Path, progress: Progress = SILENT) -> CropRows:
    """Every image below a folder, named by its path in it.

    With one folder per person and the platform in every name, pid, camid and platform are those of
    `import-dataset folder`. Otherwise the people are unknown: pid -1, camid 0 and no platform.
    """
    rows: list[Row] = []
    problems: list[Problem] = []
    for item in read_folder(folder):
        if isinstance(item, Row):
            rows.append(item)
        elif isinstance(item, Problem):
            problems.append(item)
        else:
            progress.note(item.text)
    if problems or not rows:
        rows = _plain(folder)
        if problems and any("/" in row.path for row in rows):
            progress.note(f"the persons are unknown, because {problems[0]}")
    else:
        progress.note(f"{len({row.pid for row in rows})} persons are known by their folders")
    passed_over = unused(folder, [row.path for row in rows], [""])
    warnings, notes = say_unused([group for group in passed_over if group.why != ELSEWHERE])
    for text in [*warnings, *notes]:
        progress.warn(text)
    if not rows:
        raise InputError(f"{folder} contains no image", hint="All formats that Pillow opens are read.")
    return _rows(folder, rows, passed_over)


def _plain(folder: Path) -> list[Row]:
    found = [
        (path.removeprefix("./"), regular)
        for path, regular in images(folder, ".")
        if not any(map(is_litter, path.removeprefix("./").split("/")))
    ]
    odd = [Problem(path, "is not a regular file") for path, regular in found if not regular]
    if odd:
        raise InputError(f"{len(odd)} files of {folder} cannot be read", problems=odd[:MOST_NAMED])
    return [Row(path, JUNK_PID, 0, "", ()) for path, _ in found]


def _rows(folder: Path, rows: Sequence[Row], passed_over: Sequence[Unused] = ()) -> CropRows:
    return CropRows(
        [row.crop_id or row.path for row in rows],
        [folder / row.path for row in rows],
        [row.pid for row in rows],
        [row.camid for row in rows],
        [row.platform or None for row in rows],
        list(passed_over),
    )


def _marked(path: Path) -> bool:
    """Whether a Parquet file declares itself one of our tables."""
    try:
        return SCHEMA_KEY in (pq.read_schema(path).metadata or {})
    except (ValueError, OSError):
        return False
