"""Engines that multiply and count: numpy, torch on the CPU, or torch on a device; none changes a rank."""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from agreid_cli.errors import InputError, did_you_mean
from agreid_cli.metrics.ranking.features import Index
from agreid_cli.metrics.ranking.frame import SLICE, Block, Float32
from agreid_cli.metrics.ranking.matches import SamePid
from agreid_cli.metrics.ranking.product import Multiply, numpy_product, one_core_each, scores, torch_product
from agreid_cli.metrics.ranking.scan import Flat, Thresholds, Unsure, count_above, hide

ENGINES = ("auto", "numpy", "torch", "torch:cuda")


class Engine(Protocol):
    """A way to scan the gallery."""

    @property
    def tile(self) -> int:
        """Number of items to count at a time for one block of queries."""

    def load(self, block: Block) -> Any:
        """Prepare a block of the gallery for `count`."""

    def count(
        self, query: Float32, loaded: Any, part: slice, same: SamePid, index: Index, thresholds: Thresholds
    ) -> tuple[Flat, list[Unsure]]:
        """As `scan.count_above`, for queries `index` (rows `query`) and a part of a loaded block."""

    def multiply(self, a: Float32, b: Float32, out: Float32) -> None:
        """The plain product."""


class CpuEngine:
    """Multiplies by `product` and counts with numpy."""

    tile = 8192

    def __init__(self, product: Multiply) -> None:
        self._product = product
        self._buffers: queue.SimpleQueue[Float32] = queue.SimpleQueue()

    def load(self, block: Block) -> Block:
        """Blocks need no preparation."""
        return block

    def count(
        self, query: Float32, loaded: Block, part: slice, same: SamePid, index: Index, thresholds: Thresholds
    ) -> tuple[Flat, list[Unsure]]:
        """Score a tile, hide the items with the query's own pid, count."""
        with self._borrow(len(query), part.stop - part.start) as out:
            scores(self._product, query, loaded, part.start, part.stop, out)
            hide(out, same, index)
            return count_above(out, thresholds)

    def multiply(self, a: Float32, b: Float32, out: Float32) -> None:
        """The plain product."""
        self._product(a, b, out)

    @contextmanager
    def _borrow(self, rows: int, columns: int) -> Iterator[Float32]:
        """An array that no other thread is using; its memory is reused."""
        try:
            memory = self._buffers.get_nowait()
        except queue.Empty:
            memory = np.empty(0, np.float32)
        if len(memory) < rows * columns:
            memory = np.empty(rows * columns, np.float32)
        try:
            yield memory[: rows * columns].reshape(rows, columns)
        finally:
            self._buffers.put(memory)


@contextmanager
def engine_of(name: str, width: int) -> Iterator[Engine]:
    """The engine called `name` for features of this width; "auto" takes the fastest one available.

    Inside, a product on the CPU runs on the thread that calls it.
    """
    with one_core_each():
        if name.startswith("torch:"):
            from agreid_cli.metrics.ranking.device import device_engine, full_precision

            with full_precision():
                yield device_engine(name)
        elif name == "auto":
            # Importing torch takes longer than most rankings, so it is considered only if already imported.
            yield CpuEngine(_quicker(min(width, SLICE)) if "torch" in sys.modules else numpy_product)
        elif name in ("numpy", "torch"):
            yield CpuEngine(numpy_product if name == "numpy" else torch_product)
        else:
            raise InputError(f"unknown engine '{name}'{did_you_mean(name, ENGINES)}")


@lru_cache
def _quicker(width: int) -> Multiply:
    """The faster product on this machine, measured with a few milliseconds of each."""
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((n, width), dtype=np.float32) for n in (512, 2048))
    out = np.empty((len(a), len(b)), np.float32)

    def seconds(multiply: Multiply) -> float:
        start = time.perf_counter()
        multiply(a, b, out)
        return time.perf_counter() - start

    return min((numpy_product, torch_product), key=lambda multiply: min(seconds(multiply) for _ in range(4)))
