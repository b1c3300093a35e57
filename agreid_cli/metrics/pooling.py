"""Pool the embeddings of a track's crops into one vector: their mean, or the mean weighted by quality."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.ranking.exact import Float64, unit_rows

Ints = npt.NDArray[np.int64]
ROWS_A_STEP = 16_384


def pooled_rows(source: Any, start: Ints, weight: Float64 | None, *, unit: bool) -> npt.NDArray[np.float32]:
    """The weighted mean of each track's rows: float32 (tracks, D).

    source: (rows, D), anything with `shape` and slices; the rows of track t are start[t] to start[t + 1].
    weight: above 0, (rows,); None weighs all alike. unit: rows are first divided by their length, as the
    cosine metric needs, so that a long row does not count more.

    >>> rows = np.array([[3.0, 0.0], [0.0, 1.0], [2.0, 2.0]])
    >>> pooled_rows(rows, np.array([0, 2, 3]), None, unit=True).round(4).tolist()
    [[0.5, 0.5], [0.707099974155426, 0.707099974155426]]
    """
    pooled = np.empty((len(start) - 1, source.shape[1]), np.float32)
    for first, last in steps(start, ROWS_A_STEP):
        rows = np.asarray(source[start[first] : start[last]], np.float64)
        own = np.ones(len(rows)) if weight is None else weight[start[first] : start[last]]
        rows = (unit_rows(rows) if unit else rows) * own[:, None]
        at = start[first:last] - start[first]
        sums = np.add.reduceat(rows, at, axis=0)
        pooled[first:last] = sums / np.add.reduceat(own, at)[:, None]
    return pooled


def steps(start: Ints, rows: int) -> Iterator[tuple[int, int]]:
    """Runs of tracks, each of at most `rows` rows, or of one longer track.

    >>> list(steps(np.array([0, 2, 3, 9, 10]), 4))
    [(0, 2), (2, 3), (3, 4)]
    """
    first, n = 0, len(start) - 1
    while first < n:
        last = int(np.searchsorted(start, start[first] + rows, side="right")) - 1
        last = min(max(last, first + 1), n)
        yield first, last
        first = last
