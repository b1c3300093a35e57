"""The matrix product that takes nearly all the time, and the threads that share it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from agreid_cli.cores import usable_cores
from agreid_cli.errors import InputError
from agreid_cli.metrics.ranking.frame import SLICE, Block, Float32

#: `multiply(a, b, out)` sets out (n, m) to a (n, D) · b (m, D)ᵀ in single precision.
Multiply = Callable[[Float32, Float32, Float32], Any]
Task = TypeVar("Task")
Done = TypeVar("Done")

MOST_THREADS = 16  # each has its own buffers, and counting does not scale further
_COLUMNS = 1024  # gallery rows multiplied at a time if slices are added


def scores(multiply: Multiply, query: Float32, gallery: Block, start: int, stop: int, out: Float32) -> None:
    """Scores (n, stop − start) of `query` (n, D) and the gallery rows from `start` to `stop`, into `out`.

    Slices of columns are multiplied one by one and added, because the bound on rounding grows with their
    width.
    """
    rows = gallery.rows[start:stop]
    width = query.shape[1]
    spare = np.empty((len(query), min(_COLUMNS, len(rows))), np.float32) if width > SLICE else None
    for first in range(0, len(rows), _COLUMNS if spare is not None else max(1, len(rows))):
        part = rows[first : first + _COLUMNS] if spare is not None else rows
        target = out[:, first : first + len(part)]
        multiply(query[:, :SLICE], part[:, :SLICE], target)
        if spare is not None:
            more = spare[:, : len(part)]
            for column in range(SLICE, width, SLICE):
                multiply(query[:, column : column + SLICE], part[:, column : column + SLICE], more)
                np.add(target, more, out=target)
    if gallery.gain is not None:
        np.multiply(out, gallery.gain[start:stop], out=out)
    if gallery.shift is not None:
        np.add(out, gallery.shift[start:stop], out=out)


def numpy_product(a: Float32, b: Float32, out: Float32) -> None:
    """By numpy and its BLAS."""
    np.matmul(a, b.T, out=out)


def torch_product(a: Float32, b: Float32, out: Float32) -> None:
    """By torch on the CPU, on the same memory."""
    import torch

    with torch.inference_mode():
        # torch warns about read-only arrays, as from a memory-mapped file; a slice of one is copied instead.
        left, right = (torch.from_numpy(x if x.flags.writeable else x.copy()) for x in (a, b))
        torch.mm(left, right.T, out=torch.from_numpy(out))


def cores(threads: int | None) -> int:
    """The number of threads: `threads`, or one per core available to this process."""
    if threads is not None:
        if threads < 1:
            raise InputError(f"threads must be at least 1, not {threads}")
        return threads
    return min(usable_cores(), MOST_THREADS)


@contextmanager
def one_core_each() -> Iterator[None]:
    """Inside, a product runs on the calling thread: our threads share the work, not the library's."""
    from threadpoolctl import threadpool_limits

    torch = sys.modules.get("torch")  # has its own thread count
    before = torch.get_num_threads() if torch else 1
    with threadpool_limits(1):
        try:
            if torch:
                torch.set_num_threads(1)
            yield
        finally:
            if torch:
                torch.set_num_threads(before)


def share(work: Callable[[Task], Done], tasks: Iterable[Task], threads: int) -> list[Done]:
    """`work` on each task, results in the order of the tasks."""
    tasks = list(tasks)
    if threads == 1 or len(tasks) < 2:
        return [work(task) for task in tasks]
    with ThreadPoolExecutor(min(threads, len(tasks))) as pool:
        try:
            return list(pool.map(work, tasks))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
