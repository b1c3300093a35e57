"""k-reciprocal re-ranking (Zhong and others, CVPR 2017) without a square matrix.

Two images are k-reciprocal neighbours if each is among the k nearest of the other. Each image is described
by the weights of its reciprocal neighbours, and two images are close if these descriptions overlap:

    distance′ = (1 − λ) · Jaccard distance of the descriptions + λ · original distance

where the original distance is squared, and divided by the query's largest over all images, queries and
gallery together. Only the neighbours of each image are stored, in sparse matrices; the distances of a block
of queries are computed on demand.

Neighbours are exact, and equally near ones are ordered by position (queries first, then the gallery), so the
result depends on neither blocks nor threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from agreid_cli.errors import Problems
from agreid_cli.metrics.ranking.checks import check_features, check_metric
from agreid_cli.metrics.ranking.engines import engine_of
from agreid_cli.metrics.ranking.exact import Float64
from agreid_cli.metrics.ranking.features import Features, Stacked
from agreid_cli.metrics.ranking.frame import Float32, Frame, survey
from agreid_cli.metrics.ranking.matches import NOBODY, Ints, Labels
from agreid_cli.metrics.ranking.nearest import nearest_and_farthest
from agreid_cli.metrics.ranking.product import cores, one_core_each, share
from agreid_cli.metrics.ranking.settle import Judge
from agreid_cli.metrics.ranking.sweep import Job

Matrix = Any  # scipy's sparse arrays have no type parameters
ROWS_AT_A_TIME = 256
COLUMNS_AT_A_TIME = 1024


@dataclass(frozen=True)
class Reranked:
    """Re-ranked distances (n_query, n_gallery); rows are computed when a slice is read."""

    query: Features
    gallery: Features
    frame: Frame
    weights: Matrix  # (n_query, N) descriptions of the queries
    gallery_weights: Matrix  # (N, n_gallery) descriptions of the gallery, by column
    farthest: Float64  # (n_query,) the original distance that others are divided by
    lambda_value: float
    threads: int

    @property
    def shape(self) -> tuple[int, int]:
        """(n_query, n_gallery)"""
        return self.query.n, self.gallery.n

    def __len__(self) -> int:
        return self.query.n

    def __getitem__(self, rows: slice) -> Float32:
        """Distances (n, n_gallery) of some of the queries."""
        start, stop, step = rows.indices(self.query.n)
        if step != 1:
            raise ValueError("re-ranked distances are read in blocks of neighbouring rows")
        found = np.empty((max(0, stop - start), self.gallery.n), np.float32)
        for first in range(start, stop, ROWS_AT_A_TIME):
            last = min(first + ROWS_AT_A_TIME, stop)
            found[first - start : last - start] = self._block(first, last)
        return found

    def _block(self, start: int, stop: int) -> Float64:
        overlap = _shared_weight(self.weights[start:stop], self.gallery_weights)
        overlap *= -1.0
        distance = np.divide(overlap, overlap + 2.0, out=overlap)  # −Σmin / (2 − Σmin)
        distance += 1.0
        distance *= 1.0 - self.lambda_value
        if self.lambda_value:
            self._add_original(distance, start, stop)
        return distance

    def _add_original(self, distance: Float64, start: int, stop: int) -> None:
        frame = self.frame
        scale = self.lambda_value / np.where(self.farthest > 0, self.farthest, 1.0)[start:stop, None]
        # If there is a zero row, unit rows are not shifted to a centre; see `survey`.
        unit = frame.metric == "cosine" and frame.centre is None
        query = _widened(frame.double(self.query.rows(start, stop)), unit=unit)
        query[:, :-2] *= -2.0
        query[:, [-2, -1]] = query[:, [-1, -2]]

        def add(part: slice) -> None:
            gallery = _widened(frame.double(self.gallery.rows(part.start, part.stop)), unit=unit)
            squared = query @ gallery.T
            original = original_distance(np.maximum(squared, 0.0, out=squared), frame.metric)
            original *= scale
            distance[:, part] += original

        n, step = self.gallery.n, COLUMNS_AT_A_TIME
        with one_core_each():
            share(add, [slice(first, min(first + step, n)) for first in range(0, n, step)], self.threads)


def rerank(
    query: Any,
    gallery: Any,
    *,
    k1: int = 20,
    k2: int = 6,
    lambda_value: float = 0.3,
    metric: str = "euclidean",
    threads: int | None = None,
    engine: str = "auto",
) -> Reranked:
    """Re-ranked distances of `gallery` (g, D) for `query` (q, D), for `given.rank_distances`.

    `k1` neighbours are considered for reciprocity, descriptions are averaged over the first `k2` (including
    the image itself), and `lambda_value` is the weight of the original distance. All rows take part, also
    those with pid −1: re-ranking uses no labels.
    """
    check_metric(metric)
    problems = Problems()
    if k1 < 1:
        problems.add("k1", f"must be at least 1, not {k1}")
    if k2 < 1:
        problems.add("k2", f"must be at least 1, not {k2}")
    if not 0 <= lambda_value <= 1:
        problems.add("lambda", f"must be between 0 and 1, not {lambda_value}")
    problems.raise_if_any("invalid re-ranking parameters", hint="Usual values are 20,6,0.3.")
    queries, items = check_features(query, gallery)
    both = Stacked(queries, items)
    nobody = np.full(both.n, NOBODY)
    labels = Labels(nobody, np.zeros(both.n, np.int64), nobody, nobody)
    with engine_of(engine, both.width) as chosen:
        frame = survey(metric, queries, items, 8192)
        job = Job(both, both, labels, frame, chosen, cores(threads), 512, 8192)
        index, squared, farthest = nearest_and_farthest(job, min(max(k1 + 1, k2), both.n))
    farthest = original_distance(farthest, metric)
    weights = _descriptions(Judge(frame, both, both), index, squared, farthest, k1, k2)
    return Reranked(
        queries, items, frame, weights[: queries.n].tocsr(), weights[queries.n :].T.tocsr(),
        farthest[: queries.n], lambda_value, cores(threads),
    )  # fmt: skip


def original_distance(squared: Float64, metric: str) -> Float64:
    """The original distance of re-ranking: the square of the metric's distance.

    `squared` are squared Euclidean distances, of unit vectors under the cosine metric.
    """
    return np.square(squared / 2) if metric == "cosine" else squared


def _descriptions(judge: Judge, index: Ints, squared: Float64, farthest: Float64, k1: int, k2: int) -> Matrix:
    """(N, N) weights of the reciprocal neighbours of each row, averaged over its `k2` nearest."""
    n = len(index)
    near = _reciprocal(index[:, : k1 + 1])
    close = _reciprocal(index[:, : int(np.around(k1 / 2)) + 1])
    # A neighbour's own close neighbours are added if more than two thirds of them are already neighbours.
    shared = (near @ close.T).multiply(near).tocoo()
    joins = shared.data > 2 / 3 * np.diff(close.indptr)[shared.col]
    chosen = sparse.csr_array(
        (np.ones(joins.sum(), np.int32), (shared.row[joins], shared.col[joins])), (n, n)
    )
    members = (near + chosen @ close).tocsr()
    members.sort_indices()
    row = np.repeat(np.arange(n), np.diff(members.indptr))
    distance = _distances(judge, row, members.indices.astype(np.int64), index, squared)
    scale = np.where(farthest > 0, farthest, 1.0)
    weight = np.exp(-original_distance(distance, judge.frame.metric) / scale[row])
    weight /= np.bincount(row, weight, minlength=n)[row]
    weights = sparse.csr_array((weight, members.indices, members.indptr), (n, n))
    if k2 != 1:
        k2 = min(k2, index.shape[1])
        first = sparse.csr_array((np.ones(n * k2), index[:, :k2].ravel(), np.arange(n + 1) * k2), (n, n))
        weights = (first @ weights) / k2
    return weights


def _reciprocal(index: Ints) -> Matrix:
    """(N, N) ones if each is among the neighbours `index` (N, k) of the other."""
    n, k = index.shape
    ones = np.ones(n * k, np.int32)
    forward = sparse.csr_array((ones, index.ravel(), np.arange(n + 1) * k), (n, n))
    return forward.multiply(forward.T).tocsr()


def _distances(judge: Judge, row: Ints, item: Ints, index: Ints, squared: Float64) -> Float64:
    """Squared distances (n,) of pairs: stored for neighbours, computed for the others."""
    n, k = index.shape
    keys = (np.repeat(np.arange(n), k) * n + index.ravel()).astype(np.int64)
    order = np.argsort(keys)
    wanted = row * n + item
    place = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
    known = keys[order[place]] == wanted
    found: Float64 = squared.ravel()[order[place]]
    found[~known] = judge.distances(row[~known], item[~known])
    return found


def _shared_weight(weights: Matrix, gallery_weights: Matrix) -> Float64:
    """(n, g) sums of the smaller weight over all neighbours shared by a query and an item."""
    n, g = weights.shape[0], gallery_weights.shape[1]
    weights = weights.tocoo()
    low, high = gallery_weights.indptr[weights.col], gallery_weights.indptr[weights.col + 1]
    size = (high - low).astype(np.int64)
    place = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size - low, size)
    smaller = np.minimum(np.repeat(weights.data, size), gallery_weights.data[place])
    cell = np.repeat(weights.row.astype(np.int64) * g, size) + gallery_weights.indices[place]
    total: Float64 = np.bincount(cell, smaller, minlength=n * g).astype(np.float64, copy=False)
    return total.reshape(n, g)


def _widened(rows: Float64, *, unit: bool) -> Float64:
    """Rows (n, D + 2): x, 1, ‖x‖²; the product of two such rows (one permuted) is a squared distance.

    `unit` as in `squared_distances`.
    """
    square = np.vecdot(rows, rows)
    if unit:
        square[square == 0] = 1.0
    return np.concatenate([rows, np.ones((len(rows), 1)), square[:, None]], axis=1)
