"""Ranges of a gallery as units of work: each is counted into its own file, and the counts are added."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.config.engine import EngineConfig
from agreid_cli.engine.run import run_units
from agreid_cli.engine.units import Unit, Work
from agreid_cli.metrics.ranking.ranges import Prepared, count_range, prepare, ranks_by_ranges
from agreid_cli.metrics.ranking.ranking import Ranks
from agreid_cli.progress import Progress
from agreid_cli.records.files import write_bytes, writing
from agreid_cli.records.shard import Shard
from agreid_cli.stages.run.failures import raise_failures
from agreid_cli.stages.run.sharing import alone

#: Gallery rows per unit.
RANGE = 65_536
_COPIED = 16_384  # rows written at a time


@dataclass(frozen=True)
class Ranges:
    """How ranges are counted, and the folder of their files until the result is written.

    shard: of the ranges; such a call ends with `PartialError`.
    """

    engine: EngineConfig
    shard: Shard | None
    folder: Path
    progress: Progress

    def wanted(self) -> bool:
        """Whether to divide: on Ray, in a shard, or if shards have already counted ranges."""
        return self.engine.name != "local" or self.shard is not None or self.folder.is_dir()

    def rank(self, query: Any, gallery: Any, how: Mapping[str, Any]) -> Ranks:
        """As `metrics.ranking.rank` with these labels and options. Raises `PartialError` in a shard."""
        prepared = prepare(query, gallery, **how)
        threads = how.get("threads")
        with alone(self.folder, self.shard, what="ranking"):
            sides = (self._file_rows("query", query), self._file_rows("gallery", gallery))
            count = partial(self._count, sides, threads)
            return ranks_by_ranges(prepared, len(gallery), RANGE, count)

    def forget(self) -> None:
        """Remove the files after the result is written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _count(
        self,
        sides: tuple[FileRows, FileRows],
        threads: int | None,
        prepared: Prepared,
        spans: list[tuple[int, int]],
    ) -> Iterator[npt.NDArray[np.int64]]:
        files = [self.folder / f"{start:010d}.npy" for start, _ in spans]
        units = [
            Unit(f"gallery rows {a + 1} to {b}", (a, b, file))
            for (a, b), file in zip(spans, files, strict=True)
        ]
        mine = self.shard.mine(units) if self.shard else units
        todo = [unit for unit in mine if not unit.what[2].is_file()]
        failures = run_units(
            todo, partial(open_ranges, prepared, sides, threads), config=self.engine, folder=self.folder,
            label="ranking", noun="ranges of the gallery", progress=self.progress,
        )  # fmt: skip
        raise_failures(failures, len(todo), "ranges of the gallery")
        if self.shard is not None:
            raise PartialError
        return (np.load(file) for file in files)

    def _file_rows(self, name: str, rows: Any) -> FileRows:
        """Where a worker finds the rows: the file that they are mapped from, or a copy in the folder."""
        mapped = mapped_rows(rows)
        if mapped is not None:
            return mapped
        path = self.folder / f"{name}.rows.npy"
        if not path.is_file():
            first = np.asarray(rows[0:1])
            with writing(path) as temporary:
                out = np.lib.format.open_memmap(temporary, "w+", first.dtype, tuple(rows.shape))
                for start in range(0, len(rows), _COPIED):
                    out[start : start + _COPIED] = rows[start : start + _COPIED]
                out.flush()
                del out
        return FileRows(path.resolve(), 0, len(rows))


class PartialError(Exception):
    """A shard has counted its ranges, which are not all of them."""


@dataclass(frozen=True)
class FileRows:
    """Consecutive rows of a .npy file."""

    path: Path
    start: int
    stop: int

    def open(self) -> npt.NDArray[Any]:
        """The rows, memory-mapped."""
        rows: npt.NDArray[Any] = np.load(self.path, mmap_mode="r")[self.start : self.stop]
        return rows


def mapped_rows(rows: Any) -> FileRows | None:
    """The location of rows that are complete consecutive rows of a mapped .npy file; None for any other."""
    if not isinstance(rows, np.memmap) or rows.ndim != 2 or not rows.flags.c_contiguous or not len(rows):
        return None
    path = getattr(rows, "filename", None)
    if path is None or Path(path).suffix != ".npy" or not Path(path).is_file():
        return None
    whole = np.load(path, mmap_mode="r")
    if whole.ndim != 2 or whole.dtype != rows.dtype or whole.shape[1] != rows.shape[1]:
        return None
    # `offset` of a slice is that of its map, so the location follows from comparing their start addresses.
    base: Any = rows
    while isinstance(base.base, np.ndarray):
        base = base.base
    skipped = rows.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    start = skipped // rows.strides[0]
    return FileRows(Path(path).resolve(), start, start + len(rows)) if len(base) == len(whole) else None


def open_ranges(prepared: Prepared, sides: tuple[FileRows, ...], threads: int | None) -> Work:
    """The work on a range, in any process that can read the files."""
    query, gallery = (side.open() for side in sides)

    def work(what: tuple[int, int, Path], progress: Progress) -> None:
        start, stop, file = what
        with progress.task("ranking", stop - start, "rows") as task:
            counts = count_range(prepared, query, gallery, start, stop, threads=threads)
            task.advance(stop - start)
        data = io.BytesIO()
        np.save(data, counts)
        write_bytes(file, data.getvalue())

    return work


def ranges_folder(above: Path, direction: str, said: Mapping[str, Any], files: Sequence[Path]) -> Path:
    """Named by what determines the counts: the crops, the settings, and the size and time of the files."""
    stats = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    text = json.dumps([direction, said, stats, RANGE], sort_keys=True, default=str)
    return above / f".{direction}.{hashlib.sha256(os.fsencode(text)).hexdigest()[:12]}.ranges"
