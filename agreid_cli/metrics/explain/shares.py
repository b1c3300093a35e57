"""Mean share of each attribute over pairs of different people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]


@dataclass
class ShareMeter:
    """Accumulates pairs block by block. `sizes` are the numbers of bits of the G groups, M bits in total.

    >>> meter = ShareMeter((2, 2))
    >>> meter.add(np.array([[0.5, 0.3, 0.1, 0.1]]), np.array([[True, True, False, False]]))
    >>> meter.of_groups().round(2).tolist(), meter.differs().tolist(), meter.where_differs().round(2).tolist()
    ([0.8, 0.2], [1.0, 0.0], [0.8, nan])
    """

    sizes: Sequence[int]
    n: int = 0
    _bits: npt.NDArray[np.float64] = field(init=False)
    _groups: npt.NDArray[np.float64] = field(init=False)  # share, differs, share if it differs

    def __post_init__(self) -> None:
        self._bits = np.zeros(sum(self.sizes))
        self._groups = np.zeros((3, len(self.sizes)))

    def add(self, shares: Floats, exclusive: npt.NDArray[np.bool_]) -> None:
        """`shares` and `exclusive`, both (P, M), of pairs of different people."""
        starts = np.cumsum([0, *self.sizes[:-1]])
        of_group = np.add.reduceat(shares, starts, axis=1, dtype=np.float64)
        differs = np.logical_or.reduceat(exclusive, starts, axis=1)
        self.n += len(shares)
        self._bits += shares.sum(axis=0, dtype=np.float64)
        self._groups += [of_group.sum(0), differs.sum(0), np.where(differs, of_group, 0).sum(0)]

    def of_bits(self) -> npt.NDArray[np.float64]:
        """The mean share of each bit, (M,); NaN without pairs."""
        return self._per(self._bits, self.n)

    def of_groups(self) -> npt.NDArray[np.float64]:
        """The mean share of each group, (G,)."""
        return self._per(self._groups[0], self.n)

    def differs(self) -> npt.NDArray[np.float64]:
        """How often each group differs, (G,)."""
        return self._per(self._groups[1], self.n)

    def where_differs(self) -> npt.NDArray[np.float64]:
        """The mean share of each group over the pairs in which it differs, (G,); NaN if it never differs."""
        return self._per(self._groups[2], self._groups[1])

    @staticmethod
    def _per(values: npt.NDArray[np.float64], n: Any) -> npt.NDArray[np.float64]:
        with np.errstate(invalid="ignore", divide="ignore"):
            mean: npt.NDArray[np.float64] = values / n
        return mean
