"""The distance that every rank is defined by: float64, in one fixed order, the same wherever it is computed.

A matrix product rounds the same two vectors differently by the shape and place of its blocks, so it can
neither define a tie nor a rank. Here each operation is elementwise and correctly rounded, and the sum is a
fixed tree: the upper half of the columns is added onto the lower half until one column is left. So the
result depends on the two vectors alone: not on the library, the machine, the block or the thread.

Under the cosine metric both vectors are first divided by their length, and the squared Euclidean distance
of the two is twice the cosine distance. A zero vector has no direction: it is at 2, as a right angle is,
from everything.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]


def tree_sum(values: Float64) -> Float64:
    """Sums of the last axis of `values` (..., D), which is overwritten.

    >>> tree_sum(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])).tolist()
    [6.0, 15.0]
    """
    width = values.shape[-1]
    while width > 1:
        half = width // 2
        # The last `half` columns onto the first; with an odd width the middle one waits.
        values[..., :half] += values[..., width - half : width]
        width -= half
    total: Float64 = values[..., 0].copy()
    return total


def unit_rows(rows: Float64) -> Float64:
    """Rows (..., D) divided by their Euclidean length; a zero row stays zero.

    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    # A power of two first, so that squares neither overflow nor vanish; it changes no digit.
    largest = np.max(np.abs(rows), axis=-1, initial=0.0)
    rows = np.ldexp(rows, -np.frexp(largest)[1][..., None])
    length = np.sqrt(tree_sum(rows * rows))
    length[length == 0] = 1.0
    unit: Float64 = rows / length[..., None]
    return unit


def squared_distances(query: Float64, gallery: Float64, *, unit: bool = False) -> Float64:
    """Squared Euclidean distances (n,) of `query` (n, D) or (D,) to the rows of `gallery` (n, D).

    `unit` says that the rows are unit or zero rows: then a zero row is at 2 from every other.

    >>> squared_distances(np.array([0.0, 0.0]), np.array([[3.0, 4.0], [0.0, 1.0]])).tolist()
    [25.0, 1.0]
    """
    gap = gallery - query
    gap *= gap
    squared = tree_sum(gap)
    if unit:
        squared[~(query.any(axis=-1) & gallery.any(axis=-1))] = 2.0
    return squared
