"""Overlaps of boxes compared with counting pixels."""

from __future__ import annotations

import numpy as np

from agreid_cli.records.boxes import box_ious


def pixels(box: np.ndarray) -> set[tuple[int, int]]:
    x1, y1, x2, y2 = box.tolist()
    return {(x, y) for x in range(x1, x2) for y in range(y1, y2)}


def test_overlaps_are_shared_pixels_over_all_pixels() -> None:
    rng = np.random.default_rng(0)
    low = rng.integers(0, 8, (24, 2))
    boxes = np.concatenate([low, low + rng.integers(0, 6, (24, 2))], axis=1)
    found = box_ious(boxes[:9], boxes[9:])
    for i, one in enumerate(boxes[:9]):
        for j, other in enumerate(boxes[9:]):
            a, b = pixels(one), pixels(other)
            assert np.isclose(found[i, j], len(a & b) / max(len(a | b), 1))
    assert box_ious(np.zeros((0, 4)), boxes).shape == (0, 24)
