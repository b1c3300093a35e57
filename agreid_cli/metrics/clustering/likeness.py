"""How likely two groups of tracks are one person, computed alike here and on the annotation page.

Vectors are stored as 8-bit integers and levels as whole 1/10,000, so that sums are exact, and the page's
JavaScript (`reporting/review/likeness.js`) comes to the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.clustering.chance import Curve
from agreid_cli.metrics.clustering.neighbours import Levels
from agreid_cli.metrics.clustering.units import Floats, Ints

#: Largest width of the stored vectors.
WIDTH = 128
SCALE = 10_000
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Likeness:
    """n tracks. vectors: int8 (n, D). camera: place of each track's camera among the columns of `levels`,
    which are the tracks' levels in 1/10,000 (see `Levels`). within, across: slope and middle of the curves.
    """

    vectors: npt.NDArray[np.int8]
    camera: Ints
    levels: Ints
    within: tuple[float, float]
    across: tuple[float, float]


def likeness_of(vectors: Floats, levels: Levels, within: Curve, across: Curve) -> Likeness:
    """The bonus of the curves is left out: who is nearest changes with every answer."""
    return Likeness(
        compact(vectors), levels.place, np.rint(levels.table * SCALE).astype(np.int64),
        (within.slope, within.middle), (across.slope, across.middle),
    )  # fmt: skip


def compact(vectors: Floats, width: int = WIDTH) -> npt.NDArray[np.int8]:
    """The vectors along their `width` main directions, as integers up to ±127 of one scale.

    >>> compact(np.float32([[1, 0], [0.5, 0.5]])).tolist()
    [[127, 0], [64, 64]]
    """
    wide = vectors.astype(np.float64)
    if wide.shape[1] > width:
        _, axes = np.linalg.eigh(wide.T @ wide)  # ascending
        main = axes[:, -width:]
        main = main * np.where(main[np.abs(main).argmax(axis=0), np.arange(width)] < 0, -1, 1)
        wide = wide @ main
    most = float(np.abs(wide).max(initial=0.0))
    return np.rint(wide * (127 / most if most else 0)).astype(np.int8)


class Groups:
    """Groups of tracks that grow, named by one of their tracks: sums of vectors and levels by camera.

    Memory is tracks × cameras × width.
    """

    def __init__(self, like: Likeness) -> None:
        n, cameras = like.levels.shape
        at = np.arange(n)
        self.like = like
        self.group = at.copy()
        self.sum = np.zeros((n, cameras, like.vectors.shape[1]), np.float32)  # whole numbers below 2^24
        self.sum[at, like.camera] = like.vectors
        self.count = np.zeros((n, cameras), np.int64)
        self.count[at, like.camera] = 1
        self.level = np.zeros((n, cameras, cameras), np.int64)
        self.level[at, like.camera] = like.levels

    def join(self, one: int, other: int) -> None:
        """The group `other` becomes a part of the group `one`."""
        self.group[self.group == other] = one
        for sums in (self.sum, self.count, self.level):
            sums[one] += sums[other]
            sums[other] = 0

    def odds(self, one: int, others: Sequence[int] | Ints) -> Numbers:
        """Log odds that the group `one` and each of the groups `others` are one person: float64 (m,).

        The mean over the pairs of their cameras, each by the curve of its kind, of the cosine of the sums
        minus the mean of the levels.
        """
        rows = np.asarray(others, np.int64)
        total, kinds = np.zeros(len(rows)), np.zeros(len(rows))
        for c in np.flatnonzero(self.count[one]):
            mine = self.sum[one, c].astype(np.float64)
            size = np.sqrt(mine @ mine)
            for d in range(self.count.shape[1]):
                there = np.flatnonzero(self.count[rows, d])
                at = rows[there]
                theirs = self.sum[at, d].astype(np.float64)
                length = size * np.sqrt((theirs * theirs).sum(axis=1))
                cosine = (theirs @ mine) / np.maximum(length, 1)
                level = (
                    (self.level[one, c, d] / self.count[one, c] + self.level[at, d, c] / self.count[at, d])
                    / 2
                    / SCALE
                )
                slope, middle = self.like.within if c == d else self.like.across
                total[there] += slope * (cosine - level - middle)
                kinds[there] += 1
        return total / np.maximum(kinds, 1)
