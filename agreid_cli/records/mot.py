"""Numbered boxes in the frames of one video, as in MOTChallenge files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class MotRows:
    """One row per box, in any order. frame: (n,) from 1. track: (n,). box: (n, 4) x1 y1 x2 y2 in pixels.

    counts: (n,) False for ground truth that is ignored: finding or missing it does not change the
    scores.
    """

    frame: np.ndarray
    track: np.ndarray
    box: np.ndarray
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.frame)
