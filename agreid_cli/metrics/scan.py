"""The scan: how many wrong gallery items stand before each true match, block by block.

For one query, the scores of its true matches are thresholds. Only items above the lowest threshold can
change a rank; these few are sorted, and each threshold finds its place among them. A score that is nearer to
a threshold than rounding allows (`Frame.doubt`) says nothing: for these items and matches the exact
distance decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.frame import Float32
from agreid_cli.metrics.matches import SamePid

Flat = npt.NDArray[np.intp]
_ENTRIES_AT_A_TIME = 1 << 19  # scores looked at in one go: bounds the memory when most of them survive


@dataclass(frozen=True)
class Thresholds:
    """Scores of the true matches of a block of queries, with how far each can be off.

    Those of the block's query i are `start[i]:start[i + 1]`; every query has at least one. A score of at
    least `high` is surely above the match, one below `low` surely under it.
    """

    start: Flat  # (n + 1,)
    low: Float32
    high: Float32


@dataclass(frozen=True)
class Unsure:
    """Matches that some item's score says nothing about, and these items; rows are the block's queries."""

    item_row: Flat
    item: Flat  # rows of the gallery block; with `item_row` ascending and each pair once
    match_row: Flat
    match: Flat  # places in the thresholds
    sure: Flat  # how many items of the row, other than its items here, stand before the match


def hide(scores: Float32, same: SamePid, queries: npt.NDArray[np.int64]) -> None:
    """Give all items with the query's own pid the score −infinity: what is counted is the wrong items."""
    row, item = same.pairs(queries)
    scores[row, item] = -np.inf


def count_above(scores: Float32, thresholds: Thresholds) -> tuple[Flat, list[Unsure]]:
    """For each threshold the items surely above it, and where that is not the whole answer.

    `scores` (n, g) is contiguous. The counts of matches that an `Unsure` names are to be made anew from it.
    """
    start, low, high = thresholds.start, thresholds.low, thresholds.high
    above, reach = np.empty(len(low), np.intp), np.empty(len(low), np.intp)
    found: list[Unsure] = []
    lowest = np.minimum.reduceat(low, start[:-1])[:, None]
    width = scores.shape[1]
    step = max(1, _ENTRIES_AT_A_TIME // width)
    for first in range(0, len(scores), step):
        part = scores[first : first + step]
        survivors = np.greater_equal(part, lowest[first : first + step]).ravel().nonzero()[0]
        values = part.ravel().take(survivors)
        ends = survivors.searchsorted(np.arange(1, len(part) + 1) * width).tolist()
        bounds = start[first : first + len(part) + 1].tolist()
        begin = 0
        for i, end in enumerate(ends):
            row, s, e = values[begin:end], bounds[i], bounds[i + 1]
            row.sort()
            above[s:e] = row.searchsorted(high[s:e])
            reach[s:e] = row.searchsorted(low[s:e])
            begin = end
        span = slice(bounds[0], bounds[-1])
        sizes = np.repeat(np.diff(ends, prepend=0), np.diff(bounds))
        np.subtract(sizes, above[span], out=above[span])
        np.subtract(sizes, reach[span], out=reach[span])
        match = bounds[0] + np.flatnonzero(above[span] != reach[span])
        if len(match):
            row = np.searchsorted(start, match, side="right") - 1
            found.append(_find_unsure(part, first, row, match, thresholds, reach[match]))
    return above, found


def _find_unsure(
    scores: Float32, first: int, row: Flat, match: Flat, thresholds: Thresholds, reach: Flat
) -> Unsure:
    """The items between `low` and `high` of each `match`; `scores` are the rows from query `first` on."""
    low, high = thresholds.low[match], thresholds.high[match]
    rows, lows, highs, depth = merge_intervals(row, low, high)
    pairs = []
    # The first interval of each row, then the second of those that have two, and so on.
    for level in range(int(depth.max()) + 1):
        deep = depth == level
        queries = rows[deep] - first
        part = scores[queries] if len(queries) < len(scores) else scores
        inside = part >= lows[deep, None]
        inside &= part < highs[deep, None]
        at, item = np.divmod(inside.ravel().nonzero()[0], scores.shape[1])
        pairs.append(queries[at] * scores.shape[1] + item)
    item_row, item = np.divmod(np.sort(np.concatenate(pairs)), scores.shape[1])
    # Of the items that reach a match, those in an interval are in doubt and the others surely above.
    doubtful = count_at_least(first + item_row, scores[item_row, item], row, low)
    return Unsure(first + item_row, item, row, match, reach - doubtful)


def merge_intervals(row: Flat, low: Float32, high: Float32) -> tuple[Flat, Float32, Float32, Flat]:
    """Unions of overlapping intervals of one row: (row, low, high, how many of its row come before it).

    >>> a, b, c, d = merge_intervals(np.array([0, 0, 0, 1]), np.array([5., 1, 2, 3]), np.array([6., 3, 4, 9]))
    >>> a.tolist(), b.tolist(), c.tolist(), d.tolist()
    ([0, 0, 1], [1.0, 5.0, 3.0], [4.0, 6.0, 9.0], [0, 1, 0])
    """
    order = np.lexsort((low, row))
    row, low, high = row[order], low[order], high[order]
    # The highest end so far of the row: ranks make one whole number of row and end.
    ends, rank = np.unique(high, return_inverse=True)
    key = np.maximum.accumulate(row * len(ends) + rank)
    so_far = ends[key - row * len(ends)]
    fresh = np.ones(len(row), bool)
    fresh[1:] = (row[1:] != row[:-1]) | (low[1:] > so_far[:-1])
    begin = np.flatnonzero(fresh)
    end = np.append(begin[1:], len(row)) - 1
    rows = row[begin]
    depth = np.arange(len(rows)) - np.searchsorted(rows, rows)
    return rows, low[begin], so_far[end], depth


def count_at_least(
    row: Flat, value: npt.NDArray[np.floating], of: Flat, bound: npt.NDArray[np.floating]
) -> Flat:
    """For each `bound`, a value of row `of`: how many entries of the same `row` have a `value` not less.

    >>> count_at_least(np.array([0, 0, 1]), np.array([1., 2., 9.]), np.array([0, 1]), np.array([2., 3.]))
    array([1, 1])
    """
    distinct, rank = np.unique(np.concatenate([value, bound]), return_inverse=True)
    keys = np.sort(row * len(distinct) + rank[: len(value)])
    key = of * len(distinct)
    found: Flat = keys.searchsorted(key + len(distinct)) - keys.searchsorted(key + rank[len(value) :])
    return found
