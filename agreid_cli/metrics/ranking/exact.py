"""The distance that defines every rank: float64, in one fixed order, the same wherever it is computed.

A matrix product rounds the same two vectors differently depending on the shape and position of its blocks, so
it can define neither ties nor ranks. Here each operation is elementwise and correctly rounded, and the sum is
a fixed tree: the upper half of the columns is added to the lower half until one column is left. The
result therefore depends only on the two vectors: not on library, machine, block or thread.

With the cosine metric both vectors are first divided by their length, and their squared Euclidean distance
is twice the cosine distance. A zero vector has no direction: its squared distance to every vector is 2, as
for a right angle.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]


def tree_sum(values: Float64) -> Float64:
    """Sums over the last axis of `values` (..., D), which is overwritten.

    >>> tree_sum(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])).tolist()
    [6.0, 15.0]
    """
    width = values.shape[-1]
    while width > 1:
        half = width // 2
        # Add the last `half` columns to the first; with an odd width the middle one is left for the next
        # round.
        values[..., :half] += values[..., width - half : width]
        width -= half
    total: Float64 = values[..., 0].copy()
    return total


def unit_rows(rows: Float64) -> Float64:
    """Rows (..., D) divided by their Euclidean length; a zero row stays zero.

    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    # Scale by a power of two first, so that squares neither overflow nor underflow; this is exact.
    largest = np.max(np.abs(rows), axis=-1, initial=0.0)
    rows = np.ldexp(rows, -np.frexp(largest)[1][..., None])
    length = np.sqrt(tree_sum(rows * rows))
    length[length == 0] = 1.0
    unit: Float64 = rows / length[..., None]
    return unit


def squared_distances(query: Float64, gallery: Float64, *, unit: bool = False) -> Float64:
    """Squared Euclidean distances (n,) of `query` (n, D) or (D,) to the rows of `gallery` (n, D).

    `unit` means that the rows are unit or zero rows: then a zero row has distance 2 to every other.

    >>> squared_distances(np.array([0.0, 0.0]), np.array([[3.0, 4.0], [0.0, 1.0]])).tolist()
    [25.0, 1.0]
    """
    gap = gallery - query
    gap *= gap
    squared = tree_sum(gap)
    if unit:
        squared[~(query.any(axis=-1) & gallery.any(axis=-1))] = 2.0
    return squared
