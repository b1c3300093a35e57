"""The crops folder during extraction: one part per finished video, and the table joined from the parts.

    crops/images/<video>/t00012_f000030.jpg    crops/parts/<video>.parquet, .json
    crops/contact-<video>.jpg, ~2.jpg …        crops/mot/<video>.txt        crops/crops.parquet

A part counts once its JSON exists, which is written last. Leftovers of an interrupted run are in
`crops/.unfinished/` or in temporary files, and are removed by the next run. The joined table depends only on
the parts.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from agreid_cli.records.crops import CROPS, CROPS_SCHEMA
from agreid_cli.records.extraction import Extraction
from agreid_cli.records.files import disk_error
from agreid_cli.records.locks import locked
from agreid_cli.records.shard import Shard
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.sharing import alone


@dataclass(frozen=True)
class Parts:
    """The paths of the parts of one workspace."""

    workspace: Workspace

    @property
    def folder(self) -> Path:
        return self.workspace.crops_dir

    def record(self, video_id: str) -> Path:
        return self.folder / "parts" / f"{video_id}.json"

    def table(self, video_id: str) -> Path:
        return self.folder / "parts" / f"{video_id}.parquet"

    def images(self, video_id: str) -> Path:
        return self.folder / "images" / video_id

    def mot(self, video_id: str) -> Path:
        return self.folder / "mot" / f"{video_id}.txt"

    def recording(self, video_id: str) -> Path:
        """The folder of a recorded stream. Never removed by this module: it cannot be recorded again."""
        return self.folder / "recordings" / video_id

    @property
    def unfinished(self) -> Path:
        return self.folder / ".unfinished"

    def finished(self) -> dict[str, Extraction]:
        """The finished videos by id; one whose table is missing is not finished."""
        records = sorted((self.folder / "parts").glob("*.json"))
        return {r.stem: Extraction.read(r) for r in records if self.table(r.stem).is_file()}

    def remove(self, video_id: str) -> None:
        """Remove a video: its record first, so that an interrupted removal counts as not finished."""
        counted = self.record(video_id).is_file()
        self.record(video_id).unlink(missing_ok=True)
        self.table(video_id).unlink(missing_ok=True)
        if counted:
            join(self, self.workspace.crops)  # it must not list images that are removed
        shutil.rmtree(self.images(video_id), ignore_errors=True)
        for sheet in self.workspace.contact_sheets(video_id):
            sheet.unlink(missing_ok=True)
        self.mot(video_id).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove the leftovers of an interrupted run."""
        shutil.rmtree(self.unfinished, ignore_errors=True)
        for folder in (self.folder, self.folder / "parts", self.folder / "mot"):
            for temporary in folder.glob(".*.tmp"):
                temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def locked_parts(workspace: Workspace, shard: Shard | None = None) -> Iterator[Parts]:
    """Lock the parts of a workspace for this process; leftovers of an interrupted run are removed.

    A shard locks its own share, beside the other shards of the same division. Raises `AgreidError` if another
    run holds the lock, or the folder cannot be written.
    """
    parts = Parts(workspace)
    with alone(parts.folder, shard, what="extracting crops"):
        if shard is not None:  # leftovers may belong to another shard
            yield parts
            return
        try:
            parts.clear()
            yield parts
        finally:
            parts.clear()


def join(parts: Parts, path: Path) -> int:
    """Write the crops table of all finished videos to `path`; returns the number of crops."""
    with locked(parts.folder / "parts" / ".lock"):
        return _join(parts, path)


def _join(parts: Parts, path: Path) -> int:
    tables = [CROPS.read(parts.table(video_id)) for video_id in sorted(parts.finished())]
    table = pa.concat_tables([t.select(CROPS_SCHEMA.names) for t in tables]) if tables else None
    table = table if table is not None else CROPS_SCHEMA.empty_table()
    CROPS.write(table, path)
    return int(table.num_rows)


def keep_folder(source: Path, target: Path) -> None:
    """Move a finished folder into place after syncing its files, so that none is empty after a crash."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        os.sync() if hasattr(os, "sync") else None
        os.replace(source, target)
    except OSError as error:
        raise disk_error(target, error) from error
