"""A drawn person who is close enough to have a visible face."""

from __future__ import annotations

import cv2
import numpy as np


def near_person(size: int = 60) -> np.ndarray:
    """A grey figure of 2×5 face sizes with a drawn face that detectors take for one."""
    image = np.full((size * 5, size * 2, 3), 120, np.uint8)
    face, c, s = np.full((size, size, 3), 90, np.uint8), size // 2, size / 60

    def ellipse(x: float, y: float, w: float, h: float, colour: tuple[int, int, int]) -> None:
        centre, axes = (int(c + x * s), int(c + y * s)), (int(w * s), int(h * s))
        cv2.ellipse(face, centre, axes, 0, 0, 360, colour, -1)

    ellipse(0, 0, 22, 28, (160, 180, 200))
    for side in (-1, 1):
        ellipse(side * 10, -6, 6, 3, (50, 50, 50))
        ellipse(side * 10, -13, 6, 1, (70, 70, 70))
    ellipse(0, 1, 2, 6, (190, 200, 225))
    ellipse(0, 9, 5, 2, (110, 110, 130))
    ellipse(0, 17, 9, 3, (80, 80, 120))
    image[:size, size // 2 : size // 2 + size] = cv2.GaussianBlur(face, (3, 3), 0)
    return image
