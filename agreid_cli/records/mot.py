"""Numbered boxes in the frames of one video, as in MOTChallenge files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: The four numbers of a box as different programs write them, with a description. MOTChallenge's form is
#: first.
FORMS = {
    "ltwh": "left, top, width, height",
    "ltrb": "corners: left, top, right, bottom",
    "cxcywh": "centres: centre x, centre y, width, height",
    "lthw": "height first: left, top, height, width",
}


def corners_of(numbers: np.ndarray, form: str) -> np.ndarray:
    """Boxes x1 y1 x2 y2 of (n, 4) numbers in one of `FORMS`.

    >>> box = np.array([[10.0, 20.0, 4.0, 8.0]])
    >>> [corners_of(box, form)[0].tolist() for form in ("ltwh", "cxcywh", "lthw")]
    [[10.0, 20.0, 14.0, 28.0], [8.0, 16.0, 12.0, 24.0], [10.0, 20.0, 18.0, 24.0]]
    """
    if form == "ltrb":
        return numbers
    size = numbers[:, [3, 2]] if form == "lthw" else numbers[:, 2:]
    start = numbers[:, :2] - size / 2 if form == "cxcywh" else numbers[:, :2]
    return np.concatenate([start, start + size], axis=1)


@dataclass(frozen=True, eq=False)
class MotRows:
    """One row per box, in any order. frame: (n,) from 1. track: (n,). box: (n, 4) x1 y1 x2 y2 in pixels.

    counts: (n,) False for ground truth that is ignored: whether it is detected does not change the scores.
    """

    frame: np.ndarray
    track: np.ndarray
    box: np.ndarray
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.frame)
