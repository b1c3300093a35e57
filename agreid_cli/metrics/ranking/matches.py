"""Which gallery items are a query's true matches, and which share its pid: from the labels only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
NOBODY = -1  # pid of junk
_QUERIES_AT_A_TIME = 4096


@dataclass(frozen=True)
class Labels:
    """pids and camids of queries and gallery."""

    query_pid: Ints
    gallery_pid: Ints
    query_camid: Ints
    gallery_camid: Ints


@dataclass(frozen=True)
class Matches:
    """The true matches of query i are `item[start[i]:start[i + 1]]`, ascending rows of the gallery."""

    start: Ints  # (n_query + 1,)
    item: npt.NDArray[np.int32]  # (total number of matches,)

    @property
    def count(self) -> Ints:
        """(n_query,)"""
        counts: Ints = np.diff(self.start)
        return counts

    @property
    def valid(self) -> Ints:
        """Rows of the queries that have a true match."""
        return np.flatnonzero(self.count)


def find_matches(labels: Labels) -> Matches:
    """All true matches: the query's pid, another camid, and not pid −1.

    >>> one = np.array([1, 1, 2])
    >>> find_matches(Labels(one, one, np.array([0, 1, 0]), np.array([0, 1, 0])))
    Matches(start=array([0, 1, 2, 2]), item=array([1, 0], dtype=int32))
    """
    same = SamePid.of(labels.gallery_pid, labels.query_pid)
    counts, items = [np.zeros(1, np.int64)], [np.zeros(0, np.int32)]
    for first in range(0, len(labels.query_pid), _QUERIES_AT_A_TIME):
        queries = np.arange(first, min(first + _QUERIES_AT_A_TIME, len(labels.query_pid)))
        row, item = same.pairs(queries)
        true = labels.gallery_camid[item] != labels.query_camid[queries[row]]
        counts.append(np.bincount(row[true], minlength=len(queries)))
        items.append(item[true].astype(np.int32))
    return Matches(np.cumsum(np.concatenate(counts)), np.concatenate(items))


@dataclass(frozen=True)
class SamePid:
    """The items of one piece of the gallery, by pid: those of query i are `order[low[i]:high[i]]`."""

    order: npt.NDArray[np.intp]
    low: npt.NDArray[np.intp]
    high: npt.NDArray[np.intp]

    @staticmethod
    def of(gallery_pid: Ints, query_pid: Ints) -> SamePid:
        """Index a piece of the gallery; a query with pid −1 has no items."""
        order = np.argsort(gallery_pid, kind="stable")
        ordered = gallery_pid[order]
        low, high = (np.searchsorted(ordered, query_pid, side) for side in ("left", "right"))
        return SamePid(order, low, np.where(query_pid == NOBODY, low, high))

    def pairs(self, queries: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """(position in `queries`, item) of each pair with equal pid, by query and then by item."""
        low, size = self.low[queries], self.high[queries] - self.low[queries]
        row = np.repeat(np.arange(len(queries)), size)
        within = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
        return row, self.order[low[row] + within]
