"""Reuse the embedding of a person without neighbours for some frames: faster, but not exact."""

from __future__ import annotations

import numpy as np

from agreid_cli.records.boxes import box_ious
from agreid_cli.vision.embedders import Embed

#: Minimum overlap with a box of the last frame to continue it; a box is alone if no other overlaps more.
SAME, ALONE = 0.6, 0.05


class Reusing:
    """Wraps an embedder for one video; frames must be given in order.

    A box keeps the embedding of the single box of the previous frame that it continues, for at most `frames`
    frames and only while no other person overlaps it. This changes tracks, so it is off by default.
    """

    def __init__(self, embed: Embed, frames: int) -> None:
        self._embed = embed
        self._frames = frames
        self.same_person = embed.same_person
        self._boxes = np.zeros((0, 4), np.float32)
        self._rows = np.zeros((0, 1), np.float32)
        self._age = np.zeros(0, np.int64)

    def __call__(self, boxes: np.ndarray, frame: np.ndarray) -> np.ndarray:
        """float32 (n, D) of unit length, some of them rows of the previous frame."""
        overlap = box_ious(boxes, self._boxes)
        alone = (box_ious(boxes, boxes) > ALONE).sum(1) == 1
        once = (overlap > ALONE).sum(1) == 1
        source = overlap.argmax(1) if len(self._boxes) else np.zeros(len(boxes), np.int64)
        kept = alone & once & (overlap.max(1, initial=0) > SAME)
        kept[kept] &= self._age[source[kept]] < self._frames
        fresh = self._embed(boxes[~kept], frame)
        width = fresh.shape[1] if len(fresh) else self._rows.shape[1]
        rows = np.zeros((len(boxes), width), np.float32)
        age = np.zeros(len(boxes), np.int64)
        if len(fresh):
            rows[~kept] = fresh
        if kept.any():
            rows[kept] = self._rows[source[kept]]
            age[kept] = self._age[source[kept]] + 1
        self._boxes, self._rows, self._age = boxes, rows, age
        return rows
