"""Crops to search: the stream's output for each, computed once and cached with the run."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agreid_cli.errors import AgreidError, InputError, Problem
from agreid_cli.nn.encoder import TORCH
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.box_cues import Cues, box_cues, cues_of_file
from agreid_cli.records.files import write_bytes, writing
from agreid_cli.records.images.reading import picture_size
from agreid_cli.records.locks import locked
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.side import BOX, NOT_GIVEN, GivenSide
from agreid_cli.records.split import read_split, sides_of
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.seen import Source
from agreid_cli.stages.run.crop_sources import MOST_NAMED, CropRows, crop_rows
from agreid_cli.stages.run.decoded import Decoded
from agreid_cli.stages.run.embed_units import RANGE
from agreid_cli.stages.run.streams import OpenStream
from agreid_cli.training.decompose import Read
from agreid_cli.training.embed import SidedCrops

FIELDS = ("base", "chances")


@dataclass(frozen=True)
class Gallery:
    """The crops and the stream's output; `read` has one row for each, mapped from `files`."""

    rows: CropRows
    read: Read
    files: Sequence[Path]

    def source(self, row: int) -> Source:
        """One crop, for the explainer."""
        rows = self.rows
        return Source(
            rows.crop_id[row], rows.path[row], platform=rows.platform[row], camid=rows.camid[row],
            box=None if rows.box is None else rows.box[row],
        )  # fmt: skip


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
    opened = opened.for_many(len(rows.path), progress)
    if BOX in opened.reads and rows.box is None:
        rows = replace(rows, box=_of_files(rows))
    if words := opened.lacking(rows.box):
        progress.warn(words)
    side = opened.side(rows.camid, rows.platform, rows.box)
    place = opened.run.root / "search" / _key(opened, rows)
    files = [place / f"{name}.npy" for name in FIELDS]
    if not all(file.is_file() for file in files):
        taken = AgreidError(f"another agreid is writing into {place}", hint="Wait until it is done.")
        with locked(place / ".lock", taken):
            _predict(opened, rows, SidedCrops(_pixels(opened, rows.path), side), place, progress)
    base, chances = (np.load(file, mmap_mode="r") for file in files)
    return Gallery(rows, Read(base, chances), files)


def _of_files(rows: CropRows) -> Cues:
    """What image files tell of the boxes; `InputError` names those that cannot be read."""
    found, problems = [], []
    for path, platform in zip(rows.path, rows.platform, strict=True):
        try:
            found.append(cues_of_file(*picture_size(path), platform))
        except (OSError, ValueError) as error:
            problems.append(Problem(str(path), getattr(error, "strerror", None) or str(error)))
    if problems:
        raise InputError(
            f"{len(problems)} of {len(rows.path)} crops cannot be read", problems=problems[:MOST_NAMED],
            hint="Repair or remove them.",
        )  # fmt: skip
    return np.stack(found)


def _pixels(opened: OpenStream, paths: Sequence[Path]) -> Decoded:
    return Decoded(paths, opened.config.model.size, opened.config.data.interpolation)


def _predict(opened: OpenStream, rows: CropRows, crops: SidedCrops, place: Path, progress: Progress) -> None:
    """Write the output for all crops, range by range; a call after an interruption does what is missing."""
    step = max(1, RANGE // opened.stream.batch) * opened.stream.batch
    n = len(rows.path)
    parts = {start: place / "ranges" / f"{start:010d}.npz" for start in range(0, n, step)}
    missing = [start for start, part in parts.items() if not part.is_file()]
    total = sum(min(step, n - start) for start in missing)
    with progress.task("recognising attributes", total, "crops") as task:
        for start in missing:
            found = opened.stream.read(crops, np.arange(start, min(start + step, n)), task=task)
            data = io.BytesIO()
            np.savez(data, base=found.base, chances=found.chances)
            write_bytes(parts[start], data.getvalue())
    for name in FIELDS:
        _join([part for _, part in sorted(parts.items())], name, n, place / f"{name}.npy")
    shutil.rmtree(place / "ranges", ignore_errors=True)


def _join(parts: Sequence[Path], name: str, n: int, path: Path) -> None:
    """One array of all parts, in a file that can be mapped; one part at a time is in memory."""
    with writing(path) as temporary:
        out: npt.NDArray[np.float32] | None = None
        start = 0
        for part in parts:
            with np.load(part) as held:
                values = held[name]
            if out is None:
                out = np.lib.format.open_memmap(temporary, "w+", values.dtype, (n, values.shape[1]))
            out[start : start + len(values)] = values
            start += len(values)
        assert isinstance(out, np.memmap)
        out.flush()


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
    taken = np.array([crop in wanted for crop in table["crop_id"].to_pylist()])
    return CropRows(crop_id, files, pid, camid, platform, box=box_cues(table)[taken])


def _key(opened: OpenStream, rows: CropRows) -> str:
    """Sixteen digits that differ if the weights, what runs them, or a file differ."""
    digest = hashlib.sha256(opened.weights_sha256.encode())
    if opened.stream.backend != TORCH:
        digest.update(opened.stream.backend.encode())
    if BOX in opened.reads and rows.box is not None:
        digest.update(rows.box.tobytes())
    for path in rows.path:
        try:
            said = path.stat()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        digest.update(f"{path}\0{said.st_size}\0{said.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]
