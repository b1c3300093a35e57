"""Candidate pairs: each track's nearest in every camera, with scores that cameras and hubs do not distort.

Memory is tracks × neighbours: similarities are computed for a block of tracks at a time, and only the nearest
are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.clustering.units import Bools, Floats, Ints

ROWS_A_BLOCK = 1024
#: Neighbours whose mean similarity is a track's level in a camera.
LEVEL_OF = 10
Hidden = Callable[[Ints, Ints], Bools]


@dataclass(frozen=True)
class Pairs:
    """m pairs a < b, in order. similarity: cosine. rank_ab: place of b among a's neighbours in its camera,
    from 1; k + 1 where b is not among them; rank_ba likewise.

    score: the similarity minus the mean of the two tracks' levels in each other's camera (cross-domain
    similarity local scaling; Conneau et al., Word translation without parallel data, ICLR 2018, eq. 3).
    """

    a: Ints
    b: Ints
    similarity: Floats
    score: Floats
    rank_ab: Ints
    rank_ba: Ints
    across: Bools  # between two cameras

    def __len__(self) -> int:
        return len(self.a)

    @property
    def best(self) -> Bools:
        """Which are each other's nearest in their cameras."""
        return np.asarray((self.rank_ab == 1) & (self.rank_ba == 1), np.bool_)

    def take(self, rows: npt.NDArray[np.intp] | Bools) -> Pairs:
        """Some of the pairs."""
        return Pairs(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Levels:
    """table: mean similarity of each track to its `LEVEL_OF` nearest of each camera, (n, cameras)."""

    table: Floats
    place: Ints  # of each track's camera among the columns

    def between(self, a: Ints, b: Ints) -> Floats:
        """The level of the pairs (a[i], b[i])."""
        mean = (self.table[a, self.place[b]] + self.table[b, self.place[a]]) / 2
        return np.asarray(mean, np.float32)


def nearest_pairs(
    vectors: Floats, camera: Ints, k: int, hidden: Hidden | None = None
) -> tuple[Pairs, Levels]:
    """The k nearest of every track in every camera, itself excluded, as pairs.

    `hidden(rows, columns)` is true for pairs that are not offered; they still count for the levels.
    """
    names, place = np.unique(camera, return_inverse=True)
    members = [np.flatnonzero(place == c) for c in range(len(names))]
    table = np.zeros((len(camera), len(names)), np.float32)
    found: list[tuple[Ints, Ints, Floats, Ints]] = []
    for here in members:
        for c, there in enumerate(members):
            inside = here is there
            for start in range(0, len(here), ROWS_A_BLOCK):
                rows = here[start : start + ROWS_A_BLOCK]
                block = vectors[rows] @ vectors[there].T
                if inside:
                    block[np.arange(len(rows)), np.arange(start, start + len(rows))] = -np.inf
                table[rows, c] = _level(block, len(there) - inside)
                if hidden is not None:
                    block[hidden(rows, there)] = -np.inf
                found.append(_best(block, rows, there, k))
    levels = Levels(table, place.astype(np.int64))
    return _undirected(found, levels, place, k), levels


def _level(block: Floats, n: int) -> Floats:
    few = min(LEVEL_OF, n)
    if few < 1:
        return np.zeros(len(block), np.float32)
    return np.asarray(np.partition(block, -few, axis=1)[:, -few:].mean(axis=1), np.float32)


def _best(block: Floats, rows: Ints, columns: Ints, k: int) -> tuple[Ints, Ints, Floats, Ints]:
    """The k nearest of each row; equal ones in order of their columns."""
    few = min(k, block.shape[1])
    order = np.argsort(-block, axis=1, kind="stable")[:, :few]
    value = np.take_along_axis(block, order, axis=1)
    there = np.isfinite(value)
    at, rank = np.nonzero(there)
    return rows[at], columns[order[there]], value[there], (rank + 1).astype(np.int64)


def _undirected(found: list[tuple[Ints, Ints, Floats, Ints]], levels: Levels, place: Ints, k: int) -> Pairs:
    if not found:
        found = [(*(np.zeros(0, np.int64),) * 2, np.zeros(0, np.float32), np.zeros(0, np.int64))]
    i, j, value, rank = (np.concatenate(column) for column in zip(*found, strict=True))
    a, b = np.minimum(i, j), np.maximum(i, j)
    key, first, at = np.unique(a * len(place) + b, return_index=True, return_inverse=True)
    ranks = np.full((2, len(key)), k + 1, np.int64)
    ranks[(i > j).astype(np.int64), at] = rank
    a, b, value = a[first], b[first], value[first]
    score = value - levels.between(a, b)
    return Pairs(a, b, value, score.astype(np.float32), ranks[0], ranks[1], place[a] != place[b])
