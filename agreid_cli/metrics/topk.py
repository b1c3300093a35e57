"""The k nearest gallery items of every query, in the order that the ranks are defined by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.errors import InputError
from agreid_cli.metrics.checks import check_inputs, check_metric
from agreid_cli.metrics.engines import engine_of
from agreid_cli.metrics.exact import Float64
from agreid_cli.metrics.features import Index
from agreid_cli.metrics.frame import Block, survey
from agreid_cli.metrics.matches import NOBODY, Ints, Labels, SamePid
from agreid_cli.metrics.product import cores, scores, share
from agreid_cli.metrics.settle import Judge, Piece
from agreid_cli.metrics.sweep import Job, query_blocks

_SPARE = 64  # candidates beyond k a query that may wait for their exact distance


@dataclass(frozen=True)
class TopK:
    """Nearest first; a query with fewer than k items that are not junk is filled up."""

    index: Ints  # (n_query, k) rows of the gallery, −1 where there is none
    distance: Float64  # (n_query, k) Euclidean distance, or 1 − cosine; infinite where there is none
    match: npt.NDArray[np.bool_]  # (n_query, k) the item has the query's pid


def topk(
    query: Any,
    gallery: Any,
    k: int,
    *,
    query_pid: npt.ArrayLike,
    gallery_pid: npt.ArrayLike,
    query_camid: npt.ArrayLike,
    gallery_camid: npt.ArrayLike,
    metric: str = "euclidean",
    block_query: int = 512,
    block_gallery: int = 8192,
    threads: int | None = None,
    engine: str = "auto",
) -> TopK:
    """The first `k` of each query's ranked list, junk removed.

    Ties stand as in `rank`: wrong items before true matches, and then by their place in the gallery.
    Arguments are those of `rank`; a query with pid −1 is given its neighbours, none of them a match.

    >>> found = topk(np.array([[0.0]]), np.array([[2.0], [1.0], [-1.0]]), 2, query_pid=[1],
    ...              gallery_pid=[2, 1, 3], query_camid=[0], gallery_camid=[1, 1, 1])
    >>> found.index.tolist(), found.distance.tolist(), found.match.tolist()
    ([[2, 1]], [[1.0, 1.0]], [[False, True]])
    """
    check_metric(metric)
    if k < 1:
        raise InputError(f"k must be at least 1, not {k}")
    labels, sources = check_inputs(query, gallery, query_pid, gallery_pid, query_camid, gallery_camid)
    threads = cores(threads)
    with engine_of(engine, sources[0].width) as chosen:
        frame = survey(metric, *sources, block_gallery)
        job = Job(*sources, labels, frame, chosen, threads, block_query, block_gallery)
        every = np.arange(sources[0].n)
        nearest = [_Nearest(job, k, index) for index in query_blocks(every, block_query, threads)]
        for piece in job.pieces():
            block, same = job.gallery_block(piece), job.same_pid(piece)

            def look(one: _Nearest, piece: Piece = piece, block: Block = block, same: SamePid = same) -> None:
                one.look(piece, block, same)

            share(look, nearest, threads)
        found = share(_Nearest.finish, nearest, threads)
    index = np.concatenate([np.full((0, k), -1), *(index for index, _ in found)])
    squared = np.concatenate([np.zeros((0, k)), *(squared for _, squared in found)])
    distance = squared / 2 if metric == "cosine" else np.ldexp(np.sqrt(squared), -frame.exponent)
    query_rows = np.repeat(every, k)
    match = _is_match(labels, query_rows, index.ravel()).reshape(index.shape)
    return TopK(index, distance, match)


class _Nearest:
    """The nearest items found so far for one block of queries."""

    def __init__(self, job: Job, k: int, index: Index) -> None:
        self._job, self._k, self._index = job, k, index
        self._judge = Judge(job.frame, job.query, job.gallery)
        self._row = np.zeros(0, np.int64)  # candidates, by query
        self._item = np.zeros(0, np.int64)
        self._score = np.zeros(0, np.float32)
        self._doubt = np.zeros(len(index))

    def look(self, piece: Piece, block: Block, same: SamePid) -> None:
        """Take in the candidates of one piece of the gallery."""
        job, k, index = self._job, self._k, self._index
        queries = job.frame.query_block(job.query, index)
        out = np.empty((len(index), len(piece.raw)), np.float32)
        scores(job.engine.multiply, queries.rows, block, 0, len(piece.raw), out)
        row, item = same.pairs(index)
        own = job.labels.gallery_camid[piece.start + item] == job.labels.query_camid[index[row]]
        out[row[own], item[own]] = -np.inf
        reach = job.frame.doubt(queries.length, float(block.length.max(initial=0.0)))
        self._doubt = np.maximum(self._doubt, reach)
        kth = self._kth_score()
        if out.shape[1] >= k:
            kth = np.maximum(kth, np.partition(out, -k, axis=1)[:, -k])
        # k items are at least as near as `kth` says, so those surely farther than that are out.
        row, item = ((out >= self._cut(kth)[:, None]) & (out > -np.inf)).nonzero()
        score = out[row, item]
        if len(row) > (k + _SPARE) * len(index):
            squared = self._judge.to_piece(index[row], piece, item)
            first = self._first(row, piece.start + item, squared)
            row, item, score = row[first], item[first], score[first]
        self._keep(
            np.concatenate([self._row, row]),
            np.concatenate([self._item, piece.start + item]),
            np.concatenate([self._score, score]),
        )

    def finish(self) -> tuple[Ints, Float64]:
        """(n, k) items and squared exact distances, in order."""
        row, item, k = self._row, self._item, self._k
        squared = self._judge.pairs(self._index[row], item)
        first = self._first(row, item, squared)
        row, item, squared = row[first], item[first], squared[first]
        place = np.arange(len(row)) - np.searchsorted(row, row)
        items, distances = np.full((len(self._index), k), -1), np.full((len(self._index), k), np.inf)
        items[row, place], distances[row, place] = item, squared
        return items, distances

    def _keep(self, row: Ints, item: Ints, score: npt.NDArray[np.float32]) -> None:
        order = np.lexsort((-score, row))
        self._row, self._item, self._score = row[order], item[order], score[order]
        near = self._score >= self._cut(self._kth_score())[self._row]
        self._row, self._item, self._score = self._row[near], self._item[near], self._score[near]

    def _kth_score(self) -> npt.NDArray[np.float32]:
        """(n,) the k-th best score of the candidates, −infinity where there are fewer."""
        start = np.searchsorted(self._row, np.arange(len(self._index)))
        last = start + self._k - 1
        enough = last < np.append(start[1:], len(self._row))
        kth = np.full(len(self._index), -np.inf, np.float32)
        kth[enough] = self._score[last[enough]]
        return kth

    def _cut(self, kth: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.nextafter((kth - 2 * self._doubt).astype(np.float32), np.float32(-np.inf))

    def _first(self, row: Ints, item: Ints, squared: Float64) -> npt.NDArray[np.intp]:
        """Places of the first k of each row, in order."""
        match = _is_match(self._job.labels, self._index[row], item)
        order = np.lexsort((item, match, squared, row))
        place = np.arange(len(order)) - np.searchsorted(row[order], row[order])
        return order[place < self._k]


def _is_match(labels: Labels, query: Ints, item: Ints) -> npt.NDArray[np.bool_]:
    pid = labels.query_pid[query]
    if not len(labels.gallery_pid):
        return np.zeros(len(query), bool)
    found: npt.NDArray[np.bool_] = (item >= 0) & (pid != NOBODY) & (labels.gallery_pid[item] == pid)
    return found
