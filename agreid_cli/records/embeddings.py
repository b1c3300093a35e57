"""Embeddings `embeddings/1`: one row per crop, with the vector that is ranked; also in memory.

The width D depends on the model, so the artefact is created for a width, as the manifest is for a codebook.
In memory an embedding set is a list of blocks, because a million gallery rows may be memory-mapped from one
file while the queries are in another. Averaging with the flipped image is done when embedding: the rows here
are ranked unchanged.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from agreid_cli.errors import Problem
from agreid_cli.records.artefact import Artefact, duplicates

ROWS_A_STEP = 16_384
Features = npt.NDArray[np.floating[Any]]


def embeddings_artefact(width: int) -> Artefact:
    """The artefact for embeddings of this width. A column `role` (query, gallery) may follow."""
    schema = pa.schema(
        [
            pa.field("crop_id", pa.string(), nullable=False),
            pa.field("pid", pa.int64(), nullable=False),
            pa.field("camid", pa.int16(), nullable=False),
            pa.field("platform", pa.string()),  # null if unknown
            pa.field("embedding", pa.list_(pa.float32(), width), nullable=False),
        ]
    )
    return Artefact("embeddings", 1, schema, "agreid embed", check_embeddings)


def check_embeddings(table: pa.Table) -> list[Problem]:
    """`crop_id` unique; every value finite."""
    problems = [Problem(f"crop {i}", "occurs more than once") for i in duplicates(table["crop_id"])]
    for row in not_finite(matrix(table["embedding"])):
        problems.append(Problem(f"crop {table['crop_id'][row]}", "its embedding contains NaN or infinity"))
    return problems


def matrix(column: pa.ChunkedArray) -> Features:
    """A fixed-size list column as float32 of shape (rows, D), without a copy if Arrow allows it."""
    # combine_chunks copies a single chunk too.
    whole = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    flat = whole.cast(pa.list_(pa.float32(), column.type.list_size))
    return np.asarray(flat.flatten()).reshape(len(flat), column.type.list_size)


def not_finite(features: Features) -> list[int]:
    """The rows that contain NaN or infinity as float32; reads block by block.

    >>> not_finite(np.array([[1.0, 2.0], [np.nan, 0.0], [1e300, 0.0]]))
    [1, 2]
    """
    bad: list[int] = []
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(features), ROWS_A_STEP):
            block = np.asarray(features[start : start + ROWS_A_STEP]).astype(np.float32, copy=False)
            if not np.isfinite(
                np.sum(block)
            ):  # one pass; a sum can overflow, so check again before rejecting
                bad += (np.flatnonzero(~np.isfinite(block).all(axis=1)) + start).tolist()
            _forget(features)
    return bad


def all_zero(features: Features) -> list[int]:
    """The rows in which every value is 0: crops that a network could not read; reads block by block.

    >>> all_zero(np.array([[1.0, 0.0], [0.0, 0.0]]))
    [1]
    """
    rows: list[int] = []
    for start in range(0, len(features), ROWS_A_STEP):
        block = np.asarray(features[start : start + ROWS_A_STEP])
        rows += (np.flatnonzero(~block.any(axis=1)) + start).tolist()
        _forget(features)
    return rows


def _forget(features: Features) -> None:
    """Let the system release the pages of a file that were read; a gallery may be larger than memory."""
    pages = getattr(features, "_mmap", None)
    if pages is not None and getattr(features, "mode", "") == "r":
        with suppress(AttributeError, OSError, ValueError):  # this system has no madvise
            pages.madvise(mmap.MADV_DONTNEED)


@dataclass(frozen=True)
class Part:
    """The content of one file, or of one role in it; a column is None if the file does not have it."""

    file: str
    features: Features
    array: str = ""  # the name of the array within the file
    crop_id: list[str] | None = None
    pid: npt.NDArray[np.int64] | None = None
    camid: npt.NDArray[np.int64] | None = None
    platform: list[str | None] | None = None
    role: list[str | None] | None = None
    #: Of queries only: their distances to all rows of the gallery part, (rows, gallery rows).
    distances: Features | None = None
    notes: tuple[str, ...] = ()  # what the user should know of how the file was read

    def __len__(self) -> int:
        return len(self.features)

    def take(self, rows: list[int]) -> Part:
        """These rows; a run of rows is a view of the features."""
        at = np.array(rows, np.intp)
        is_run = len(rows) > 0 and rows[-1] - rows[0] + 1 == len(rows)
        features = self.features[rows[0] : rows[-1] + 1] if is_run else self.features[at]
        return Part(
            self.file,
            features,
            self.array,
            crop_id=_some(self.crop_id, rows),
            pid=None if self.pid is None else self.pid[at],
            camid=None if self.camid is None else self.camid[at],
            platform=_some(self.platform, rows),
            role=_some(self.role, rows),
            notes=self.notes,
        )

    @property
    def source(self) -> str:
        return f"{self.file}, {self.array}" if self.array else self.file


T = TypeVar("T")


def _some(values: list[T] | None, rows: list[int]) -> list[T] | None:
    return None if values is None else [values[row] for row in rows]


@dataclass(frozen=True)
class Picked:
    """Rows of several blocks as one array; slicing gathers them as float32."""

    blocks: tuple[tuple[int, Features], ...]  # (number of its first row, block)
    rows: npt.NDArray[np.intp]

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), int(self.blocks[0][1].shape[1])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, part: slice) -> Features:
        rows = self.rows[part]
        out = np.empty((len(rows), self.shape[1]), np.float32)
        for start, block in self.blocks:
            here = np.flatnonzero((rows >= start) & (rows < start + len(block)))
            out[here] = block[rows[here] - start]
        return out


@dataclass(frozen=True)
class Embeddings:
    """n crops with embeddings of one width. `made_ids`: the crop ids are only role and row number."""

    blocks: tuple[Features, ...]
    crop_id: npt.NDArray[np.object_]
    pid: npt.NDArray[np.int64]
    camid: npt.NDArray[np.int64]
    platform: npt.NDArray[np.object_]  # None if unknown
    role: npt.NDArray[np.object_]  # query, gallery or None
    made_ids: bool = False
    sources: tuple[str, ...] = field(default=())
    #: Distances of another program instead of vectors: (queries, gallery), of the first and the next rows.
    distances: Features | None = None

    def __len__(self) -> int:
        return len(self.crop_id)

    @property
    def width(self) -> int:
        return int(self.blocks[0].shape[1])

    def take(self, rows: npt.NDArray[np.intp]) -> Features | Picked:
        """The embeddings of these rows, in this order.

        Rows that follow each other in one block are a view of it. Rows of a memory-mapped file are read only
        when they are accessed, so that a gallery larger than memory can be ranked. Others are copied.
        """
        for start, block in self._placed():
            inside = len(rows) and start <= rows[0] and rows[-1] < start + len(block)
            if inside and np.array_equal(rows, np.arange(rows[0], rows[0] + len(rows))):
                return block[rows[0] - start : rows[0] - start + len(rows)]
        picked = Picked(tuple(self._placed()), rows)
        return picked if any(isinstance(block, np.memmap) for block in self.blocks) else picked[:]

    def _placed(self) -> Iterator[tuple[int, Features]]:
        start = 0
        for block in self.blocks:
            yield start, block
            start += len(block)
