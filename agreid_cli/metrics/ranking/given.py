"""Ranking by given distances: re-ranked ones, or those of another program.

They are used unchanged: an item at exactly the distance of a true match is tied with it, and the tie counts
against the query, as in `ranking.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.ranking.checks import check_labels, refuse_rows
from agreid_cli.metrics.ranking.matches import NOBODY, find_matches
from agreid_cli.metrics.ranking.ranking import Ranks, ranks_of
from agreid_cli.metrics.ranking.topk import TopK

_ROWS_AT_A_TIME = 256


def rank_distances(
    distances: Any,
    *,
    query_pid: npt.ArrayLike,
    gallery_pid: npt.ArrayLike,
    query_camid: npt.ArrayLike,
    gallery_camid: npt.ArrayLike,
) -> Ranks:
    """Rank by `distances` (n_query, n_gallery): an array, or anything with that `shape` and row slices.

    >>> ranks = rank_distances(np.array([[0.3, 0.2, 0.3]]), query_pid=[1], gallery_pid=[1, 2, 3],
    ...                        query_camid=[0], gallery_camid=[1, 1, 1])
    >>> ranks.first_hit.tolist()
    [3]
    """
    labels = check_labels(query_pid, gallery_pid, query_camid, gallery_camid, distances.shape)
    matches = find_matches(labels)
    before = np.zeros(len(matches.item), np.int64)
    nobody = labels.gallery_pid == NOBODY
    for first, rows in _blocks(distances):
        for i, row in enumerate(rows, first):
            span = slice(matches.start[i], matches.start[i + 1])
            if span.start < span.stop:
                wrong = np.sort(row[~(nobody | (labels.gallery_pid == labels.query_pid[i]))])
                before[span] = wrong.searchsorted(row[matches.item[span]], "right")
    return ranks_of(matches, before)


def topk_distances(
    distances: Any,
    k: int,
    *,
    query_pid: npt.ArrayLike,
    gallery_pid: npt.ArrayLike,
    query_camid: npt.ArrayLike,
    gallery_camid: npt.ArrayLike,
) -> TopK:
    """The first `k` of each query's list by `distances`, as `topk` gives them from features."""
    labels = check_labels(query_pid, gallery_pid, query_camid, gallery_camid, distances.shape)
    n_query = distances.shape[0]
    found = TopK(np.full((n_query, k), -1), np.full((n_query, k), np.inf), np.zeros((n_query, k), bool))
    nobody = labels.gallery_pid == NOBODY
    for first, rows in _blocks(distances):
        for i, row in enumerate(rows, first):
            same = (labels.gallery_pid == labels.query_pid[i]) & ~nobody
            items = np.flatnonzero(~nobody & ~(same & (labels.gallery_camid == labels.query_camid[i])))
            if len(items) > k:
                items = items[row[items] <= np.partition(row[items], k - 1)[k - 1]]
            items = items[np.lexsort((items, same[items], row[items]))][:k]
            found.index[i, : len(items)] = items
            found.distance[i, : len(items)] = row[items]
            found.match[i, : len(items)] = same[items]
    return found


def _blocks(distances: Any) -> Iterator[tuple[int, npt.NDArray[np.floating]]]:
    for first in range(0, distances.shape[0], _ROWS_AT_A_TIME):
        rows = np.asarray(distances[first : first + _ROWS_AT_A_TIME])
        bad = first + np.flatnonzero(~np.isfinite(rows).all(axis=1))
        refuse_rows("distance", bad, "contains NaN or infinity", "Compute these distances again.")
        yield first, rows
