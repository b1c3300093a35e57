"""The crops folder while it grows: one part a finished video, and the table joined from the parts.

    crops/images/<video>/t00012_f000030.jpg    crops/parts/<video>.parquet, .json
    crops/contact-<video>.jpg, ~2.jpg …        crops/mot/<video>.txt        crops/crops.parquet

A part counts once its JSON is there, which is written last. What an interrupted run leaves behind lies in
`crops/.unfinished/` or in temporary files, and is removed by the next run. The joined table depends on the
parts alone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from agreid_cli.errors import AgreidError
from agreid_cli.records.crops import CROPS, CROPS_SCHEMA
from agreid_cli.records.extraction import Extraction
from agreid_cli.records.files import disk_error
from agreid_cli.records.locks import locked
from agreid_cli.records.workspace import Workspace


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
        """The folder of a recorded stream. Nothing here removes it: it cannot be had again."""
        return self.folder / "recordings" / video_id

    @property
    def unfinished(self) -> Path:
        return self.folder / ".unfinished"

    def finished(self) -> dict[str, Extraction]:
        """The finished videos by id; one whose table is gone is not finished."""
        records = sorted((self.folder / "parts").glob("*.json"))
        return {r.stem: Extraction.read(r) for r in records if self.table(r.stem).is_file()}

    def remove(self, video_id: str) -> None:
        """Take a video out: its record first, so that half a removal counts as not finished."""
        counted = self.record(video_id).is_file()
        self.record(video_id).unlink(missing_ok=True)
        self.table(video_id).unlink(missing_ok=True)
        if counted:
            join(self, self.workspace.crops)  # which must not name images that go
        shutil.rmtree(self.images(video_id), ignore_errors=True)
        for sheet in self.workspace.contact_sheets(video_id):
            sheet.unlink(missing_ok=True)
        self.mot(video_id).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove what a stopped run left behind."""
        shutil.rmtree(self.unfinished, ignore_errors=True)
        for folder in (self.folder, self.folder / "parts", self.folder / "mot"):
            for temporary in folder.glob(".*.tmp"):
                temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def held(workspace: Workspace) -> Iterator[Parts]:
    """The parts of a workspace, held by this process alone; leftovers of a stopped run are removed.

    Raises `AgreidError` when another run holds them, or the folder cannot be written.
    """
    parts = Parts(workspace)
    taken = AgreidError(
        f"another agreid is extracting crops into {parts.folder}",
        hint="Wait until it is done, or choose another --workspace.",
    )
    with locked(parts.folder / ".lock", taken):
        try:
            parts.clear()
            yield parts
        finally:
            parts.clear()


def join(parts: Parts, path: Path) -> int:
    """Write the crops table of all finished videos to `path`; returns the number of crops."""
    tables = [CROPS.read(parts.table(video_id)) for video_id in sorted(parts.finished())]
    table = pa.concat_tables([t.select(CROPS_SCHEMA.names) for t in tables]) if tables else None
    table = table if table is not None else CROPS_SCHEMA.empty_table()
    CROPS.write(table, path)
    return int(table.num_rows)


def keep_folder(source: Path, target: Path) -> None:
    """Move a finished folder into place, its files on disk first, so that none is empty after a crash."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        os.sync() if hasattr(os, "sync") else None
        os.replace(source, target)
    except OSError as error:
        raise disk_error(target, error) from error
