"""Cut crops from a full-resolution frame: pixels, quality measures, JPEG bytes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from agreid_cli.errors import AgreidError
from agreid_cli.vision.detections import Detections, Tracks
from agreid_cli.vision.faces import pixelate_people

#: Height at which sharpness is measured, so that crops of all sizes are comparable.
SHARPNESS_HEIGHT = 128


@dataclass(frozen=True)
class Crop:
    """One person cut from one frame. box: integer pixels x1 y1 x2 y2; jpeg: the encoded crop."""

    track_id: int
    box: tuple[int, int, int, int]
    score: float
    sharpness: float
    in_frame: float
    pixelated: str
    jpeg: bytes


def cut(
    frame: np.ndarray,
    detections: Detections,
    tracks: Tracks,
    *,
    jpeg_quality: int,
    pixelate: bool,
    min_head_px: int,
) -> list[Crop]:
    """The crops of the tracked persons in one frame, by track number.

    Each is cut at the matched detection, not at the tracker's smoothed box, which lags behind. Face
    detection and sharpness use the crop before pixelation.
    """
    boxes = whole_pixels(detections.boxes, frame.shape[1], frame.shape[0])
    crops = []
    for row in np.argsort(tracks.track_ids, kind="stable"):
        mine = int(tracks.detection[row])
        x1, y1, x2, y2 = (int(v) for v in boxes[mine])
        image = frame[y1:y2, x1:x2]
        sharp, done = sharpness(image), "none"
        if pixelate:
            local = detections.boxes - np.array([x1, y1, x1, y1], np.float32)
            others = [b for i, b in enumerate(local) if i != mine and _touches(b, x2 - x1, y2 - y1)]
            image, done = pixelate_people(image, local[mine], others, min_head_px=min_head_px)
        crops.append(
            Crop(
                track_id=int(tracks.track_ids[row]),
                box=(x1, y1, x2, y2),
                score=float(detections.scores[mine]),
                sharpness=sharp,
                in_frame=part_inside(tracks.state_boxes[row], frame.shape[1], frame.shape[0]),
                pixelated=done,
                jpeg=encode(image, jpeg_quality),
            )
        )
    return crops


def whole_pixels(boxes: np.ndarray, width: int, height: int) -> np.ndarray:
    """int64 (n, 4): all pixels touched by a box, inside the frame, at least one by one."""
    low = np.floor(boxes[:, :2]).astype(np.int64)
    high = np.ceil(boxes[:, 2:]).astype(np.int64)
    limit = np.array([width, height])
    low = np.clip(low, 0, limit - 1)
    high = np.clip(high, low + 1, limit)
    return np.concatenate([low, high], axis=1)


def sharpness(image: np.ndarray) -> float:
    """Variance of the Laplacian of the grey crop, resized to a height of 128 pixels."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    width = max(1, round(image.shape[1] * SHARPNESS_HEIGHT / image.shape[0]))
    grey = cv2.resize(grey, (width, SHARPNESS_HEIGHT), interpolation=cv2.INTER_LINEAR)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


def part_inside(box: np.ndarray, width: int, height: int) -> float:
    """The fraction of a box's area inside the frame, 0..1.

    Detector boxes are clipped, so use the tracker's box, which covers the whole person.

    >>> part_inside(np.array([-10.0, 0, 10, 40]), 100, 100)
    0.5
    """
    x1, y1, x2, y2 = (float(v) for v in box)
    inside = max(0.0, min(x2, width) - max(x1, 0.0)) * max(0.0, min(y2, height) - max(y1, 0.0))
    return inside / max((x2 - x1) * (y2 - y1), 1e-9)


def encode(image: np.ndarray, quality: int) -> bytes:
    """JPEG bytes."""
    good, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not good:
        raise AgreidError(f"OpenCV could not encode a crop of {image.shape[1]}×{image.shape[0]} pixels")
    return bytes(data)


def _touches(box: np.ndarray, width: int, height: int) -> bool:
    return bool(box[0] < width and box[1] < height and box[2] > 0 and box[3] > 0)
