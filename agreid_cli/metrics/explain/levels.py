"""What shares look like in general: their mean over pairs, and how much they vary if nothing differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


@dataclass
class LevelMeter:
    """Accumulates pairs of different people block by block; `sizes` are the numbers of bits of the groups.

    >>> meter = LevelMeter((2,))
    >>> meter.add(np.array([[0.6, 0.4], [0.2, 0.8], [0.4, 0.6]]), np.array([[1, 1], [0, 0], [0, 0]], bool))
    >>> meter.mean().round(2).tolist(), meter.spread().round(2).tolist()
    ([0.4, 0.6], [0.1, 0.1])
    """

    sizes: Sequence[int]
    n: int = 0
    _all: npt.NDArray[np.float64] = field(init=False)  # sums of s and s²
    _alike: npt.NDArray[np.float64] = field(init=False)
    _counts: npt.NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        bits = sum(self.sizes)
        self._all, self._alike, self._counts = (
            np.zeros((2, bits)),
            np.zeros((2, bits)),
            np.zeros(bits, np.int64),
        )

    def add(self, shares: Floats, exclusive: npt.NDArray[np.bool_]) -> None:
        """`shares` and `exclusive`, both (P, M)."""
        starts = np.cumsum([0, *self.sizes[:-1]])
        alike = np.repeat(~np.logical_or.reduceat(exclusive, starts, axis=1), self.sizes, axis=1)
        wide = shares.astype(np.float64)
        self.n += len(shares)
        self._all += [wide.sum(0), (wide**2).sum(0)]
        self._alike += [(wide * alike).sum(0), (wide**2 * alike).sum(0)]
        self._counts += alike.sum(0)

    def mean(self) -> npt.NDArray[np.float64]:
        """The mean share of each bit, (M,)."""
        mean: npt.NDArray[np.float64] = self._all[0] / max(self.n, 1)
        return mean

    def spread(self) -> npt.NDArray[np.float64]:
        """The standard deviation of each share over pairs with the same label in the group, (M,).

        Over all pairs for a group in which fewer than two pairs have the same label.
        """
        few = self._counts < 2
        n = np.where(few, max(self.n, 1), self._counts)
        first, second = np.where(few, self._all, self._alike) / n
        spread: npt.NDArray[np.float64] = np.sqrt(np.maximum(second - first**2, 0))
        return spread
