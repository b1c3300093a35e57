"""The scan: how many wrong gallery items are ranked before each true match, block by block.

For one query, the scores of its true matches are thresholds. Only items above the lowest threshold can
change a rank; these few are sorted, and each threshold is located among them. If a score is closer to
a threshold than rounding allows (`Frame.doubt`), the order is uncertain, and the exact
distance of these items and matches decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.ranking.frame import Float32
from agreid_cli.metrics.ranking.matches import SamePid

Flat = npt.NDArray[np.intp]
_ENTRIES_AT_A_TIME = 1 << 19  # scores processed at a time: limits memory if most of them survive


@dataclass(frozen=True)
class Thresholds:
    """Scores of the true matches of a block of queries, with error bounds.

    Those of the block's query i are `start[i]:start[i + 1]`; every query has at least one. A score of at
    least `high` is certainly above the match, one below `low` certainly below it.
    """

    start: Flat  # (n + 1,)
    low: Float32
    high: Float32


@dataclass(frozen=True)
class Unsure:
    """Matches whose order with some items is uncertain, and these items; rows are the block's queries."""

    item_row: Flat
    item: Flat  # rows of the gallery block; with `item_row` ascending and each pair once
    match_row: Flat
    match: Flat  # positions in the thresholds
    sure: Flat  # number of items of the row, other than its items here, ranked before the match


def hide(scores: Float32, same: SamePid, queries: npt.NDArray[np.int64]) -> None:
    """Give all items with the query's own pid the score −infinity, so that only wrong items are counted."""
    row, item = same.pairs(queries)
    scores[row, item] = -np.inf


def count_above(scores: Float32, thresholds: Thresholds) -> tuple[Flat, list[Unsure]]:
    """For each threshold the number of items certainly above it, and the uncertain cases.

    `scores` (n, g) is contiguous. Counts of matches named in an `Unsure` must be recomputed from it.
    """
    start, width = thresholds.start, scores.shape[1]
    size = np.diff(start)
    lowest = np.minimum.reduceat(thresholds.low, start[:-1])[:, None]
    # The limits of a query are adjacent, first all `low` and then all `high`: one search finds both.
    at_low = np.arange(len(thresholds.low)) + np.repeat(start[:-1], size)
    at_high = at_low + np.repeat(size, size)
    limits, passed = np.empty(2 * len(at_low), np.int64), np.empty(2 * len(at_low), np.intp)
    limits[at_low], limits[at_high] = _keys(thresholds.low, 0), _keys(thresholds.high, 0)
    above = np.empty(len(at_low), np.intp)
    found: list[Unsure] = []
    step = max(1, _ENTRIES_AT_A_TIME // width)
    for first in range(0, len(scores), step):
        part = scores[first : first + step].ravel()
        rows = min(step, len(scores) - first)
        survivors = (
            np.greater_equal(part.reshape(rows, width), lowest[first : first + rows]).ravel().nonzero()[0]
        )
        keys = _keys(part.take(survivors), survivors)
        ends = survivors.searchsorted(np.arange(1, rows + 1) * width).tolist()
        bounds = start[first : first + rows + 1].tolist()
        begin = 0
        for i, end in enumerate(ends):
            row, some = keys[begin:end], slice(2 * bounds[i], 2 * bounds[i + 1])
            row.sort()
            passed[some] = row.searchsorted(limits[some])
            begin = end
        span = slice(bounds[0], bounds[-1])
        count, below = np.diff(ends, prepend=0), (passed[at_low[span]], passed[at_high[span]])
        above[span] = np.repeat(count, size[first : first + rows]) - below[1]
        doubtful = np.flatnonzero(below[0] != below[1])
        if len(doubtful):
            match = bounds[0] + doubtful
            query = np.searchsorted(start, match, side="right") - 1 - first
            low, high = below[0][doubtful], below[1][doubtful]
            begins = np.cumsum(count) - count
            found.append(_unsure(keys, width, first, query, match, count[query], begins[query], low, high))
    return above, found


def _keys(values: Float32, places: Flat | int) -> npt.NDArray[np.int64]:
    """Integers in the order of `values`, and then of `places` (less than 2³²), which they contain.

    >>> (_keys(np.array([-1.5, 0.25, 0.25], np.float32), np.array([7, 9, 8])).argsort()).tolist()
    [0, 2, 1]
    """
    bits = values.view(np.int32)
    # The bits of a float, without the sign, increase with its magnitude: for negative ones they are inverted.
    ordered = bits >> 31
    ordered &= 0x7FFFFFFF
    ordered ^= bits
    keys = ordered.astype(np.int64)
    keys <<= 32
    keys |= places
    return keys


def _unsure(
    keys: npt.NDArray[np.int64], width: int, first: int, query: Flat, match: Flat,
    count: Flat, begin: Flat, low: Flat, high: Flat,
) -> Unsure:  # fmt: skip
    """The items at positions `low` to `high` of the sorted survivors of a match's query.

    `keys` are the survivors of all queries from `first` on; those of a query start at `begin`.
    """
    rows, lows, highs = merge_intervals(begin, low, high)
    size = highs - lows
    within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    place = np.repeat(lows, size) + within
    owner = np.repeat(rows, size)
    # Of the items that reach a match, those in an interval are uncertain and the others certainly above.
    sure = count - low - count_at_least(owner, place, begin, low)
    item_row, item = np.divmod(np.sort(keys[owner + place] & 0xFFFFFFFF), width)
    return Unsure(first + item_row, item, first + query, match, sure)


def merge_intervals(row: Flat, low: Flat, high: Flat) -> tuple[Flat, Flat, Flat]:
    """Unions (row, low, high) of the overlapping intervals of a row.

    >>> a, b, c = merge_intervals(np.array([0, 0, 0, 1]), np.array([5, 1, 2, 3]), np.array([6, 3, 4, 9]))
    >>> a.tolist(), b.tolist(), c.tolist()
    ([0, 0, 1], [1, 5, 3], [4, 6, 9])
    """
    order = np.lexsort((low, row))
    row, low, high = row[order], low[order], high[order]
    # The highest end so far of the row, as one running maximum over all rows.
    top = int(high.max()) + 1
    so_far = np.maximum.accumulate(row * top + high) - row * top
    fresh = np.ones(len(row), bool)
    fresh[1:] = (row[1:] != row[:-1]) | (low[1:] > so_far[:-1])
    begin = np.flatnonzero(fresh)
    return row[begin], low[begin], so_far[np.append(begin[1:], len(row)) - 1]


def count_at_least(row: Flat, value: npt.NDArray[Any], of: Flat, bound: npt.NDArray[Any]) -> Flat:
    """For each `bound`, a value of row `of`: how many entries of the same `row` have a `value` not less.

    >>> count_at_least(np.array([0, 0, 1]), np.array([1., 2., 9.]), np.array([0, 1]), np.array([2., 3.]))
    array([1, 1])
    """
    distinct, rank = np.unique(np.concatenate([value, bound]), return_inverse=True)
    keys = np.sort(row * len(distinct) + rank[: len(value)])
    key = of * len(distinct)
    found: Flat = keys.searchsorted(key + len(distinct)) - keys.searchsorted(key + rank[len(value) :])
    return found
