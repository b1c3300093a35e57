"""The nearest items of every query, by exact distance; the product only preselects candidates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.ranking.exact import Float64
from agreid_cli.metrics.ranking.features import Index
from agreid_cli.metrics.ranking.frame import Block, Float32
from agreid_cli.metrics.ranking.matches import NOBODY, Ints, Labels, SamePid
from agreid_cli.metrics.ranking.piece import Piece
from agreid_cli.metrics.ranking.product import scores, share
from agreid_cli.metrics.ranking.settle import Judge, of_distinct
from agreid_cli.metrics.ranking.sweep import Job, query_blocks

_LEAST = np.finfo(np.float32).min  # above the score of junk
SPARE = 64  # candidates beyond k per query whose exact distance may be deferred


def nearest(job: Job, k: int) -> tuple[Ints, Float64]:
    """(n_query, k) items in the order of the ranked list without junk, and their squared exact distances.

    If there are fewer than k, −1 and infinity.
    """
    index, squared, _ = _search(job, k, farthest=False)
    return index, squared


def nearest_and_farthest(job: Job, k: int) -> tuple[Ints, Float64, Float64]:
    """As `nearest`, and (n_query,) the largest squared distance to any item; for a gallery without junk."""
    return _search(job, k, farthest=True)


def _search(job: Job, k: int, *, farthest: bool) -> tuple[Ints, Float64, Float64]:
    every = query_blocks(np.arange(job.query.n), job.block_query, job.threads)
    blocks = [_Block(job, k, index, farthest) for index in every]
    for piece, block in job.blocks():
        same = job.same_pid(piece)

        def look(one: _Block, piece: Piece = piece, block: Block = block, same: SamePid = same) -> None:
            one.look(piece, block, same)

        share(look, blocks, job.threads)
    nothing = (np.full((0, k), -1), np.zeros((0, k)), np.zeros(0))
    index, squared, far = zip(nothing, *share(_Block.finish, blocks, job.threads), strict=True)
    return np.concatenate(index), np.concatenate(squared), np.concatenate(far)


class _Block:
    """The nearest items so far for one block of queries.

    A candidate's true score is between `low` and `high`. An item whose `high` is below the k-th best `low`
    is certainly not among the k nearest.
    """

    def __init__(self, job: Job, k: int, index: Index, farthest: bool) -> None:
        self._job, self._k, self._index = job, k, index
        self._judge = Judge(job.frame, job.query, job.gallery)
        self._row = np.zeros(0, np.int64)  # candidates, by query and then by decreasing `low`
        self._item = np.zeros(0, np.int64)
        self._low = np.zeros(0, np.float32)
        self._high = np.zeros(0, np.float32)
        self._farthest = np.zeros(len(index) if farthest else 0)

    def look(self, piece: Piece, block: Block, same: SamePid) -> None:
        """Add the candidates from one piece of the gallery."""
        job, k, index = self._job, self._k, self._index
        queries = job.frame.query_block(job.query, index)
        out = np.empty((len(index), len(piece.raw)), np.float32)
        scores(job.engine.multiply, queries.rows, block, 0, len(piece.raw), out)
        doubt = job.frame.doubt(queries.length, block.longest)
        if len(self._farthest):
            self._look_far(out, piece, block.hidden, doubt)
        row, item = same.pairs(index)
        own = job.labels.gallery_camid[piece.item(item)] == job.labels.query_camid[index[row]]
        out[row[own], item[own]] = -np.inf
        kth = self._kth_low()
        if out.shape[1] >= k:
            kth = np.maximum(kth, _under(np.partition(out, -k, axis=1)[:, -k] - doubt))
        row, item = _places(out >= np.maximum(_under(kth - doubt), _LEAST)[:, None])
        score = out[row, item]
        if len(row) > (k + SPARE) * len(index):
            squared = of_distinct(self._judge.distances, index[row], piece, item)
            first = self._first(row, piece.item(item), squared)
            row, item, score = row[first], item[first], score[first]
        self._keep(row, piece.item(item), _under(score - doubt[row]), -_under(-score - doubt[row]))

    def finish(self) -> tuple[Ints, Float64, Float64]:
        """(n, k) items and squared exact distances, in order, and (n,) the largest of all."""
        row, item, k = self._row, self._item, self._k
        squared = self._judge.distances(self._index[row], item)
        first = self._first(row, item, squared)
        row, item, squared = row[first], item[first], squared[first]
        place = np.arange(len(row)) - np.searchsorted(row, row)
        items, distances = np.full((len(self._index), k), -1), np.full((len(self._index), k), np.inf)
        items[row, place], distances[row, place] = item, squared
        return items, distances, self._farthest

    def _look_far(self, out: Float32, piece: Piece, hidden: npt.NDArray[np.bool_], doubt: Float64) -> None:
        far = np.where(hidden, np.float32(np.inf), out) if hidden.any() else out
        row, item = _places(far <= -_under(-far.min(axis=1) - 2 * doubt)[:, None])
        np.maximum.at(self._farthest, row, of_distinct(self._judge.distances, self._index[row], piece, item))

    def _keep(self, row: Ints, item: Ints, low: Float32, high: Float32) -> None:
        row, item = np.concatenate([self._row, row]), np.concatenate([self._item, item])
        low, high = np.concatenate([self._low, low]), np.concatenate([self._high, high])
        order = np.lexsort((-low, row))
        self._row, self._item, self._low, self._high = row[order], item[order], low[order], high[order]
        near = self._high >= self._kth_low()[self._row]
        self._row, self._item = self._row[near], self._item[near]
        self._low, self._high = self._low[near], self._high[near]

    def _kth_low(self) -> Float32:
        """(n,) the k-th best `low` of the candidates, −infinity if there are fewer."""
        start = np.searchsorted(self._row, np.arange(len(self._index)))
        last = start + self._k - 1
        enough = last < np.append(start[1:], len(self._row))
        kth = np.full(len(self._index), -np.inf, np.float32)
        kth[enough] = self._low[last[enough]]
        return kth

    def _first(self, row: Ints, item: Ints, squared: Float64) -> npt.NDArray[np.intp]:
        """Positions of the first k of each row, in order."""
        match = is_match(self._job.labels, self._index[row], item)
        order = np.lexsort((item, match, squared, row))
        place = np.arange(len(order)) - np.searchsorted(row[order], row[order])
        return order[place < self._k]


def _under(values: Float64) -> Float32:
    """The nearest smaller single-precision numbers."""
    return np.nextafter(values.astype(np.float32), np.float32(-np.inf))


def _places(mask: npt.NDArray[np.bool_]) -> tuple[Index, Index]:
    """Rows and columns of the true entries; several times faster than `nonzero` on a matrix."""
    row, column = np.divmod(mask.ravel().nonzero()[0], mask.shape[1])
    return row, column


def is_match(labels: Labels, query: Ints, item: Ints) -> npt.NDArray[np.bool_]:
    """Whether items (−1 is none) have their query's pid."""
    pid = labels.query_pid[query]
    if not len(labels.gallery_pid):
        return np.zeros(item.shape, bool)
    found: npt.NDArray[np.bool_] = (item >= 0) & (pid != NOBODY) & (labels.gallery_pid[item] == pid)
    return found
