"""Crops to search: the stream's output for each, computed once and cached with the run."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agreid_cli.errors import InputError
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.files import write_bytes
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.side import NOT_GIVEN, GivenSide
from agreid_cli.records.split import read_split, sides_of
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.explainer import Source
from agreid_cli.stages.run.crop_sources import CropRows, crop_rows
from agreid_cli.stages.run.decoded import Decoded
from agreid_cli.stages.run.streams import OpenStream
from agreid_cli.training.decompose import Read
from agreid_cli.training.embed import SidedCrops


@dataclass(frozen=True)
class Gallery:
    """The crops and the stream's output; `read` has one row for each."""

    rows: CropRows
    read: Read

    def source(self, row: int) -> Source:
        """One crop, for the explainer."""
        rows = self.rows
        return Source(rows.crop_id[row], rows.path[row], platform=rows.platform[row], camid=rows.camid[row])


def open_gallery(
    workspace: Workspace,
    opened: OpenStream,
    crops: Path | None,
    *,
    given: GivenSide = NOT_GIVEN,
    progress: Progress = SILENT,
) -> Gallery:
    """A crops table, a manifest, a list or a folder of images; without one, every test crop of the split.

    `given` describes the crops of which the source does not tell the platform.
    """
    rows = _test_crops(workspace) if crops is None else crop_rows(crops, progress).described(given)
    if not rows.path:
        raise InputError("no crops to search", hint="Give some: agreid search --crops FOLDER")
    side = opened.side(rows.camid, rows.platform)
    place = opened.run.root / "search" / f"{_key(opened, rows)}.npz"
    if place.is_file():
        with np.load(place) as kept:
            return Gallery(rows, Read(kept["base"], kept["chances"]))
    pixels = Decoded(rows.path, opened.config.model.size, opened.config.data.interpolation)
    read = opened.stream.read(SidedCrops(pixels, side), np.arange(len(rows.path)), progress=progress)
    data = io.BytesIO()
    np.savez(data, base=read.base, chances=read.chances)
    write_bytes(place, data.getvalue())
    return Gallery(rows, read)


def _test_crops(workspace: Workspace) -> CropRows:
    """Every query and gallery crop of the split, in the manifest's order."""
    table = read_manifest(workspace.manifest)
    lists = sides_of(read_split(workspace.split, table))
    wanted = {crop for pair in lists.values() for side in pair for crop in side}
    names = ("crop_id", "path", "pid", "camid", "platform")
    said = zip(*(table[name].to_pylist() for name in names), strict=True)
    found = [row for row in said if row[0] in wanted]
    crop_id, path, pid, camid, platform = (
        (list(column) for column in zip(*found, strict=True)) if found else [[]] * 5
    )
    files = [workspace.manifest.parent / name for name in path]
    return CropRows(crop_id, files, pid, camid, platform)


def _key(opened: OpenStream, rows: CropRows) -> str:
    """Sixteen digits that differ if the weights or a file differ."""
    digest = hashlib.sha256(opened.weights_sha256.encode())
    for path in rows.path:
        try:
            said = path.stat()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        digest.update(f"{path}\0{said.st_size}\0{said.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]
