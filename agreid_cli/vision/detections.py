"""Results of detectors and trackers as plain arrays, without vendor objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Detections:
    """Persons of one frame.

    boxes: float32 (n, 4), x1 y1 x2 y2 in pixels of the full frame. scores: float32 (n,), 0..1.
    """

    boxes: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def none(cls) -> Detections:
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))

    @classmethod
    def usable(cls, boxes: np.ndarray, scores: np.ndarray, size: tuple[int, int], min_px: int) -> Detections:
        """Clip to a frame of `size` (width, height) and drop boxes that a tracker cannot handle.

        These are non-finite values, scores outside 0..1, and boxes narrower or lower than `min_px`.
        """
        boxes = np.ascontiguousarray(boxes, np.float32).reshape(-1, 4)
        scores = np.ascontiguousarray(scores, np.float32).reshape(-1)
        sound = np.isfinite(boxes).all(1) & np.isfinite(scores) & (scores >= 0) & (scores <= 1)
        boxes, scores = boxes[sound], scores[sound]
        boxes = np.clip(boxes, 0, np.array([*size, *size], np.float32))
        large = ((boxes[:, 2:] - boxes[:, :2]) >= max(min_px, 1)).all(1)
        return cls(boxes[large], scores[large])


@dataclass(frozen=True)
class Tracks:
    """Confirmed tracks matched in one frame.

    track_ids: int32 (m,), from 1. detection: int64 (m,), row of the matched detection.
    state_boxes: float32 (m, 4), the tracker's own smoothed boxes, which may exceed the frame.
    """

    track_ids: np.ndarray
    detection: np.ndarray
    state_boxes: np.ndarray

    def __len__(self) -> int:
        return len(self.track_ids)

    @classmethod
    def none(cls) -> Tracks:
        return cls(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros((0, 4), np.float32))
