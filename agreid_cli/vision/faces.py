"""Pixelate faces, as in the paper ("participant facial regions were pixelated").

CenterFace detects faces in every crop. If no face is found (too small, too blurred, turned away, or missed),
the head part of the person's box is pixelated instead, unless the head is too low to show a face.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from agreid_cli.vision.centerface import Box, find_faces

#: Fraction of a standing person's box that is the head, and the width of the head patch.
HEAD_HEIGHT, HEAD_WIDTH = 0.18, 0.7
#: Squares across the pixelated patch: coarse enough that no facial feature remains.
SQUARES = 4


def head_of(box: Sequence[float]) -> Box:
    """The head part of a person's box: the top, narrowed to the middle."""
    x1, y1, x2, y2 = box
    side = (x2 - x1) * (1 - HEAD_WIDTH) / 2
    return int(x1 + side), int(y1), int(np.ceil(x2 - side)), int(np.ceil(y1 + (y2 - y1) * HEAD_HEIGHT))


def pixelate_people(
    crop: np.ndarray, own: Sequence[float], others: Sequence[Sequence[float]], *, min_head_px: int
) -> tuple[np.ndarray, str]:
    """A copy of `crop` with faces pixelated, and what was done to its own person: `face`, `head` or `none`.

    own, others: boxes of the crop's person and of all others in the frame, in the crop's pixels.
    Heads lower than `min_head_px` are not pixelated. Faces of bystanders in the crop are pixelated too.
    """
    out = crop.copy()
    faces = find_faces(crop)
    for face in faces:
        _pixelate(out, face)
    done = "none"
    for box in (own, *others):
        head = head_of(box)
        seen = any(_belongs(face, head) for face in faces)
        if not seen and head[3] - head[1] >= min_head_px:
            _pixelate(out, head)
        if box is own:
            low = head[3] - head[1] < min_head_px
            done = "face" if seen else "none" if low else "head"
    return out, done


def _belongs(face: Box, head: Box) -> bool:
    """Whether a detected face is where the head's face must be, and large enough: folds look like faces."""
    x, y = (face[0] + face[2]) / 2, (face[1] + face[3]) / 2
    height = head[3] - head[1]
    inside = head[0] <= x <= head[2] and head[1] <= y <= head[3]
    return inside and face[3] - face[1] >= 0.4 * height


def _pixelate(image: np.ndarray, box: Box) -> None:
    height, width = image.shape[:2]
    x1, y1 = max(0, box[0]), max(0, box[1])
    x2, y2 = min(width, box[2]), min(height, box[3])
    if x2 <= x1 or y2 <= y1:
        return
    part = image[y1:y2, x1:x2]
    # Each square covers at least two pixels, so that a strip of a face at the border is also pixelated.
    squares = (max(1, min(SQUARES, (x2 - x1) // 2)), max(1, min(SQUARES, (y2 - y1) // 2)))
    small = cv2.resize(part, squares, interpolation=cv2.INTER_AREA)
    image[y1:y2, x1:x2] = cv2.resize(small, (x2 - x1, y2 - y1), interpolation=cv2.INTER_NEAREST)
