"""Ranges of crops as units of work: each is embedded into a file of its own, and the files are joined."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import io
import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.config.engine import EngineConfig
from agreid_cli.engine.run import LOCAL, run_units
from agreid_cli.engine.units import Unit, Work
from agreid_cli.nn.encoder import Encoder
from agreid_cli.progress import Progress
from agreid_cli.records.files import write_bytes
from agreid_cli.records.shard import Shard
from agreid_cli.stages.run.decoded import Decoded
from agreid_cli.stages.run.failures import raise_failures
from agreid_cli.stages.run.sharing import alone
from agreid_cli.training.embed import Crops, SidedCrops, embed
from agreid_cli.training.saved import Loaded
from agreid_cli.training.side import SideColumns

#: Crops per unit, rounded down to whole batches, so that batches are the same as without units.
RANGE = 8192
JOINED = "joined.npy"
Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class How:
    """How units run. shard: of the ranges of crops; None is all of them and joining the files."""

    engine: EngineConfig = LOCAL
    shard: Shard | None = None


HERE = How()


@dataclass(frozen=True)
class Ready:
    """A network, its encoder, and the pixels of the ranges; None if units provide paths."""

    network: Loaded
    encoder: Encoder
    flip: bool
    pixels: Crops | None


@dataclass(frozen=True)
class Asked:
    """The crops to embed. stamps: identify each crop, for the names of the files; paths: of the images.

    `paths` is None if the pixels are packed in a cache."""

    stamps: Sequence[str]
    side: SideColumns
    paths: Sequence[Path] | None = None


@dataclass(frozen=True)
class Range:
    """A unit: a range of crops, and the file for their embeddings."""

    rows: slice
    side: SideColumns
    paths: Sequence[Path] | None
    file: Path


def embed_ranges(
    path: Path,
    asked: Asked,
    ready: Ready,
    marks: Mapping[str, str],
    open_there: Callable[[], Ready],
    how: How,
    progress: Progress,
) -> tuple[Float32 | None, Counter[str]]:
    """float32 (n, D) of all crops, memory-mapped, or None from a shard; and how many images were converted.

    The files of finished ranges are beside `path` until the table is written; `forget` removes them. A call
    after an interruption continues with them. `open_there` opens the same in a remote worker.
    """
    batch = ready.network.config.validation.batch
    step = max(1, RANGE // batch) * batch
    said = json.dumps({**marks, "step": step}, sort_keys=True)
    folder = path.with_name(f".{path.name}.{_digest([said])}.ranges")
    units = [_unit(asked, rows, folder) for rows in _ranges(len(asked.stamps), step)]
    mine = how.shard.mine(units) if how.shard else units
    todo = [unit for unit in mine if not unit.what.file.is_file()]
    if finished := len(mine) - len(todo):
        progress.note(f"{finished} of {len(mine)} ranges of {step:,} crops are already embedded")
    converted: Counter[str] = Counter()
    with alone(folder, how.shard, what="embedding"), contextlib.ExitStack() as stack:
        if how.engine.name == "local" and todo:
            total = sum(unit.what.rows.stop - unit.what.rows.start for unit in todo)
            task = stack.enter_context(progress.task("embedding", total, "crops"))
            open_worker = partial(_work, ready, task)
        else:
            open_worker = partial(_work_there, open_there)
        failures = run_units(
            todo, open_worker, config=how.engine, folder=folder, label="embedding", noun="ranges of crops",
            done=lambda unit, found: converted.update(found), progress=progress,
        )  # fmt: skip
        raise_failures(failures, len(todo), "ranges of crops")
        if how.shard is not None:
            return None, converted
        return _joined([unit.what.file for unit in units], folder / JOINED), converted


def _joined(files: Sequence[Path], path: Path) -> Float32:
    """The rows of all files, memory-mapped from a new file, so that they need not fit in memory."""
    parts = [np.load(file, mmap_mode="r") for file in files]
    if not parts:
        return np.zeros((0, 1), np.float32)
    shape = (sum(map(len, parts)), parts[0].shape[1])
    whole = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    start = 0
    for part in parts:
        whole[start : start + len(part)] = part
        start += len(part)
    return whole


def forget(path: Path) -> None:
    """Remove the files of the ranges, once `path` is written."""
    for folder in path.parent.glob(f".{glob.escape(path.name)}.*.ranges"):
        shutil.rmtree(folder, ignore_errors=True)


def _ranges(n: int, step: int) -> list[slice]:
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]


def _unit(asked: Asked, rows: slice, folder: Path) -> Unit[Range]:
    file = folder / f"{rows.start:010d}-{_digest(asked.stamps[rows])}.npy"
    paths = None if asked.paths is None else asked.paths[rows]
    return Unit(f"crops {rows.start + 1} to {rows.stop}", Range(rows, asked.side.rows(rows), paths, file))


def _digest(words: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for word in words:
        digest.update(f"{word}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:12]


def _work_there(open_there: Callable[[], Ready]) -> Work:
    return _work(open_there())


def _work(ready: Ready, task: Any = None) -> Work:
    config, encoder = ready.network.config, ready.encoder

    def work(what: Range, progress: Progress) -> Counter[str]:
        if what.paths is not None:
            pixels: Any = Decoded(what.paths, config.model.size, config.data.interpolation)
        else:
            pixels = Neighbours(ready.pixels, what.rows)
        with contextlib.ExitStack() as stack:
            n = what.rows.stop - what.rows.start
            steps = task or stack.enter_context(progress.task("embedding", n, "crops"))
            sided, batch = SidedCrops(pixels, what.side), config.validation.batch
            features = embed(encoder, sided, batch=batch, flip=ready.flip, task=steps)
        data = io.BytesIO()
        np.save(data, features)
        write_bytes(what.file, data.getvalue())
        return pixels.converted if what.paths is not None else Counter()

    return work


class Neighbours:
    """Some neighbouring crops of others."""

    def __init__(self, crops: Any, rows: slice) -> None:
        self.crops, self.first, self.n = crops, rows.start, rows.stop - rows.start

    def __len__(self) -> int:
        return int(self.n)

    def __getitem__(self, rows: slice) -> npt.NDArray[np.uint8]:
        found: npt.NDArray[np.uint8] = self.crops[self.first + rows.start : self.first + rows.stop]
        return found
