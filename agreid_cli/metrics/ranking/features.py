"""Rows of features from any source: an array, a memory-mapped file, or anything with `shape` and slices."""

from __future__ import annotations

import mmap
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[Any]
Index = npt.NDArray[np.int64]


class Features:
    """Reads blocks and single rows of a source of `n` rows × `width` columns, never the whole of it.

    `name` is "query" or "gallery" and is used in errors.
    """

    def __init__(self, name: str, source: Any) -> None:
        self.name = name
        self.source = source
        self.n, self.width = (int(size) for size in source.shape)

    def rows(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop`: a view if the source can give one, and a float array in any case."""
        return _as_float(self.source[start:stop])

    def take(self, index: Index) -> Rows:
        """The rows at `index`, in its order."""
        if isinstance(self.source, np.ndarray):
            return _as_float(self.source[index])
        order = np.argsort(index, kind="stable")
        found = np.empty((len(index), self.width), self.rows(0, 1).dtype)
        # One slice per run of neighbouring rows, so that a reader that supports only slices works too.
        breaks = np.flatnonzero(np.diff(index[order]) > 1) + 1
        for run in np.split(order, breaks):
            if len(run):
                first = int(index[run[0]])
                found[run] = self.rows(first, int(index[run[-1]]) + 1)[index[run] - first]
        return found

    def forget(self) -> None:
        """Let the system release the pages of a memory-mapped file that were read."""
        base = self.source
        while isinstance(base, np.ndarray) and not isinstance(base.base, mmap.mmap):
            base = base.base
        pages = getattr(base, "base", None)
        # A copy-on-write map may contain changes that exist nowhere else.
        if isinstance(pages, mmap.mmap) and isinstance(base, np.memmap) and base.mode == "r":
            with suppress(AttributeError, OSError, ValueError):  # this system has no madvise
                pages.madvise(mmap.MADV_DONTNEED)


class Stacked(Features):
    """The rows of one source followed by those of another."""

    def __init__(self, first: Features, second: Features) -> None:
        self.name = "row"
        self.source = None
        self.parts = (first, second)
        self.n, self.width = first.n + second.n, first.width

    def rows(self, start: int, stop: int) -> Rows:
        """Rows `start` to `stop`; a view if they are all in one of the two."""
        first, second = self.parts
        if stop <= first.n:
            return first.rows(start, stop)
        if start >= first.n:
            return second.rows(start - first.n, stop - first.n)
        return np.concatenate([first.rows(start, first.n), second.rows(0, stop - first.n)])

    def take(self, index: Index) -> Rows:
        """The rows at `index`, in its order."""
        first, second = self.parts
        late = index >= first.n
        if not late.any():
            return first.take(index)
        if late.all():
            return second.take(index - first.n)
        early, rest = first.take(index[~late]), second.take(index[late] - first.n)
        found = np.empty((len(index), self.width), np.result_type(early, rest))
        found[~late], found[late] = early, rest
        return found

    def forget(self) -> None:
        """Applies to both sources."""
        for part in self.parts:
            part.forget()


def _as_float(rows: Any) -> Rows:
    """Half and single precision are kept or widened to single; everything else becomes double."""
    array = np.asarray(rows)
    if array.dtype in (np.float16, np.float32, np.float64):
        return array
    narrow = array.dtype.itemsize <= 2 and array.dtype.kind in "biufV"  # V: bfloat16 of other libraries
    return array.astype(np.float32 if narrow else np.float64)
