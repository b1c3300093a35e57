"""Settles by exact distances what the scan could not tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.exact import Float64, squared_distances
from agreid_cli.metrics.features import Features, Index, Rows
from agreid_cli.metrics.frame import Frame
from agreid_cli.metrics.piece import Piece
from agreid_cli.metrics.scan import Unsure, count_at_least

_BYTES_AT_A_TIME = 1 << 20  # small enough to stay in the cache
_LEAST_PAIRS = 32


@dataclass(frozen=True)
class Judge:
    """Exact distances of pairs, read from the features themselves."""

    frame: Frame
    query: Features
    gallery: Features

    def distances(self, query_rows: Rows, gallery_rows: Rows) -> Float64:
        """Squared exact distances (n,) of the pairs of raw rows (n, D)."""
        left, right = self.frame.exact_rows(query_rows), self.frame.exact_rows(gallery_rows)
        return squared_distances(left, right, unit=self.frame.metric == "cosine")

    def pairs(self, query: Index, item: Index) -> Float64:
        """Distances (n,) of queries `query` (n,) to gallery items `item` (n,)."""
        found = np.empty(len(query))
        step = max(_LEAST_PAIRS, _BYTES_AT_A_TIME // (8 * max(1, self.query.width)))
        for start in range(0, len(query), step):
            part = slice(start, start + step)
            found[part] = self.distances(self.query.take(query[part]), self.gallery.take(item[part]))
        return found

    def to_piece(self, query: Index, piece: Piece, item: npt.NDArray[np.intp]) -> Float64:
        """Distances (n,) of queries to items of a piece; equal rows are looked at once."""
        n = len(piece.raw)
        if len(item) <= 2 * n:
            return self.pairs(query, piece.item(item))
        # So many doubts mean that the gallery repeats itself: a model that has collapsed.
        key = query * n + piece.first_twin()[item]
        once, inverse = np.unique(key, return_inverse=True)
        return self.pairs(once // n, piece.item(once % n))[inverse]


def settle(
    judge: Judge, piece: Piece, queries: Index, match_items: Index, unsure: list[Unsure]
) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Yield (matches in doubt, wrong items of the piece that stand before each of them).

    `queries` are the rows of the scanned block's queries, `match_items` the gallery rows of its matches.
    A wrong item at exactly the distance of the match stands before it.
    """
    for one in unsure:
        item_distance = judge.to_piece(queries[one.item_row], piece, one.item)
        match_distance = judge.pairs(queries[one.match_row], match_items[one.match])
        # An item that is as near as the match or nearer stands before it.
        before = one.sure + count_at_least(one.item_row, -item_distance, one.match_row, -match_distance)
        yield one.match, before
