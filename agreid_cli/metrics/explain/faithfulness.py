"""Faithfulness: does the distance come from the places that an explanation names first?

Places of both crops are occluded in the order of a map (deletion), or all others are (insertion; Petsiuk et
al., BMVC 2018). The distance of the occluded crops, divided by that of the whole ones, goes from 1 to 0 and
from 0 to 1. The better the order, the smaller the area under the first curve, and the larger that under the
second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Estimate:
    """A mean and its confidence interval."""

    value: float
    low: float
    high: float


def steps_of(n_places: int, most: int) -> npt.NDArray[np.int64]:
    """The numbers of occluded places at which the distance is measured, from 0 to all, at most `most` steps.

    >>> steps_of(32, 8).tolist(), steps_of(4, 8).tolist()
    ([0, 4, 8, 12, 16, 20, 24, 28, 32], [0, 1, 2, 3, 4])
    """
    return np.unique(np.rint(np.linspace(0, n_places, min(most, n_places) + 1)).astype(np.int64))


def ranks_of_places(maps: Floats) -> npt.NDArray[np.int64]:
    """(n, H, W) → (n, H, W): the place of each position in descending order, 0 first; ties from the top left.

    >>> ranks_of_places(np.array([[[0.1, 0.9], [0.5, 0.5]]])).tolist()
    [[[3, 0], [1, 2]]]
    """
    flat = maps.reshape(len(maps), -1)
    order = np.argsort(-flat, axis=1, kind="stable")
    ranks = np.empty(order.shape, np.int64)
    np.put_along_axis(ranks, order, np.arange(order.shape[1])[None], axis=1)
    return ranks.reshape(maps.shape)


def area(curves: Floats, steps: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The area under each curve (n, steps) over the fraction of places, (n,), by the trapezoidal rule."""
    under: npt.NDArray[np.float64] = np.trapezoid(curves, steps / steps[-1], axis=1)
    return under


def estimate(values: Floats, *, rounds: int = 1000, seed: int = 0, level: float = 0.95) -> Estimate:
    """The mean of independent values with a bootstrap interval; the same seed gives the same interval."""
    drawn = np.random.default_rng(seed).integers(0, len(values), (rounds, len(values)))
    means = np.asarray(values, np.float64)[drawn].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(np.mean(values)), float(low), float(high))
