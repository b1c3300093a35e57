"""Boxes of numbered people in the frames of one video, as MOTChallenge files hold them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class MotRows:
    """A row a box, in any order. frame: (n,) from 1. track: (n,). box: (n, 4) x1 y1 x2 y2 in pixels.

    counts: (n,) False for truth that is there but is not asked for; whoever finds it is neither praised nor
    blamed.
    """

    frame: np.ndarray
    track: np.ndarray
    box: np.ndarray
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.frame)
