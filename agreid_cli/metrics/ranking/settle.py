"""Resolve the uncertain cases of the scan with exact distances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.ranking.exact import Float64, squared_distances
from agreid_cli.metrics.ranking.features import Features, Index, Rows
from agreid_cli.metrics.ranking.frame import Frame
from agreid_cli.metrics.ranking.piece import Piece
from agreid_cli.metrics.ranking.scan import Unsure, count_at_least

_BYTES_AT_A_TIME = 1 << 20  # small enough to stay in the cache
_LEAST_PAIRS = 32


@dataclass(frozen=True)
class Judge:
    """Distances of pairs, computed from the features themselves."""

    frame: Frame
    query: Features
    gallery: Features

    def distances(self, query: Index, item: Index) -> Float64:
        """Squared exact distances (n,) of queries `query` (n,) to gallery items `item` (n,)."""
        unit = self.frame.metric == "cosine"

        def exact(left: Rows, right: Rows) -> Float64:
            rows = self.frame.exact_rows(left), self.frame.exact_rows(right)
            return squared_distances(*rows, unit=unit)[:, None]

        return self._in_pieces(exact, 1, query, item)[:, 0]

    def scores(self, query: Index, item: Index) -> Float64:
        """(n, 2): scores of the pairs in double precision, and their error bounds."""

        def double(left: Rows, right: Rows) -> Float64:
            return np.stack(self.frame.double_scores(left, right), axis=1)

        return self._in_pieces(double, 2, query, item)

    def _in_pieces(
        self, work: Callable[[Rows, Rows], Float64], columns: int, query: Index, item: Index
    ) -> Float64:
        found = np.empty((len(query), columns))
        step = max(_LEAST_PAIRS, _BYTES_AT_A_TIME // (8 * self.query.width))
        for start in range(0, len(query), step):
            part = slice(start, start + step)
            found[part] = work(self.query.take(query[part]), self.gallery.take(item[part]))
        return found


def of_distinct(
    measure: Callable[[Index, Index], Float64], query: Index, piece: Piece, item: npt.NDArray[np.intp]
) -> Float64:
    """`measure` for queries and items of a piece; if there are many, equal items are computed once."""
    n = len(piece.raw)
    if len(item) <= 2 * n:
        return measure(query, piece.item(item))
    # So many uncertain cases mean that the gallery repeats itself: a collapsed model.
    key = query * n + piece.first_twin()[item]
    once, inverse = np.unique(key, return_inverse=True)
    return measure(once // n, piece.item(once % n))[inverse]


@dataclass(frozen=True)
class Candidates:
    """The true matches of a block of queries: gallery rows, double-precision scores, error bounds."""

    item: Index
    score: Float64
    doubt: Float64


def settle(
    judge: Judge, piece: Piece, queries: Index, matches: Candidates, unsure: Unsure
) -> npt.NDArray[np.intp]:
    """The wrong items of the piece that are ranked before each of `unsure.match`.

    `queries` are the rows of the scanned block's queries. Double precision is used first, which leaves only
    true ties and near-ties; these are decided by the exact distance.
    """
    row, of = unsure.item_row, unsure.match_row
    score, doubt = of_distinct(judge.scores, queries[row], piece, unsure.item).T
    at, off = matches.score[unsure.match], matches.doubt[unsure.match]
    before = count_at_least(row, score - doubt, of, at + off)
    tied = before != count_at_least(row, score + doubt, of, at - off)
    if tied.any():
        near = np.isin(row, of[tied])
        row, item = row[near], unsure.item[near]
        item_distance = of_distinct(judge.distances, queries[row], piece, item)
        match_distance = judge.distances(queries[of[tied]], matches.item[unsure.match[tied]])
        # An item at least as near as the match is ranked before it.
        before[tied] = count_at_least(row, -item_distance, of[tied], -match_distance)
    return unsure.sure + before
