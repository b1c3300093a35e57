"""Whether tracks write their boxes in the form that they are read in, by how many true boxes they meet.

MOTChallenge text has left, top, width and height. A file with corners or centres reads without an error and
scores next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agreid_cli.records.boxes import box_ious
from agreid_cli.records.mot import FORMS, MotRows, corners_of

#: Share of true boxes met below which other forms are tried, and how many more another form must meet.
FEW, FAR_MORE = 0.5, 0.3
MOST_FRAMES = 200
#: Corners follow each other: the right side moves with the left one.
ALIKE, FEWEST_ROWS = 0.95, 20


@dataclass(frozen=True)
class Fit:
    """Shares of true boxes (of frames with tracks) that tracks meet: as read, and in the best form."""

    as_read: float
    other: str
    best: float

    @property
    def is_other(self) -> bool:
        return self.as_read < FEW and self.best >= self.as_read + FAR_MORE


def fit_of(truth: MotRows, tracks: MotRows, form: str, iou: float) -> Fit:
    """How well tracks that were read as `form` meet the true boxes that count, and which form meets most."""
    frames = np.intersect1d(truth.frame[truth.counts], tracks.frame)
    frames = frames[:: max(len(frames) // MOST_FRAMES, 1)]
    numbers = _numbers(tracks.box, form)
    shares = {form: _met(truth, tracks.frame, tracks.box, frames, iou)}
    if shares[form] < FEW:
        for other in FORMS.keys() - {form}:
            shares[other] = _met(truth, tracks.frame, corners_of(numbers, other), frames, iou)
    best = max(shares, key=lambda name: shares[name])
    return Fit(shares[form], best, shares[best])


def covered(truth: MotRows, tracks: MotRows) -> tuple[int, int]:
    """How many of the frames with true boxes have a track at all: (with, all)."""
    frames = np.unique(truth.frame[truth.counts])
    return int(np.isin(frames, tracks.frame).sum()), len(frames)


def look_like_corners(rows: MotRows) -> bool:
    """Whether boxes that were read as left, top, width, height are corners, by their numbers alone.

    The "width" of a corner is the right side, which moves as the left side does and is always beyond it.
    """
    numbers = _numbers(rows.box, "ltwh")
    if len(numbers) < FEWEST_ROWS:
        return False
    for low, high in ((0, 2), (1, 3)):
        start, end = numbers[:, low], numbers[:, high]
        if (end <= start).any():
            return False
    start, end = numbers[:, 0], numbers[:, 2]
    if start.std() == 0 or end.std() == 0:
        return False
    return bool(np.corrcoef(start, end)[0, 1] > ALIKE and (end - start).std() < end.std() / 2)


def _numbers(box: np.ndarray, form: str) -> np.ndarray:
    """The four numbers as written in the file: the inverse of `corners_of`."""
    size = box[:, 2:] - box[:, :2]
    if form == "ltrb":
        return box
    start = box[:, :2] + size / 2 if form == "cxcywh" else box[:, :2]
    return np.concatenate([start, size[:, ::-1] if form == "lthw" else size], axis=1)


def _met(truth: MotRows, frame: np.ndarray, box: np.ndarray, frames: np.ndarray, iou: float) -> float:
    met = n = 0
    for number in frames:
        true = truth.box[truth.counts & (truth.frame == number)]
        n += len(true)
        met += int((box_ious(true, box[frame == number]) >= iou).any(axis=1).sum())
    return met / n if n else 0.0
