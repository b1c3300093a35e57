"""Detect faces in an image of a person with CenterFace, a small network that finds faces of a few pixels.

Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2019. The weights come with
agreid (`assets/faces`, MIT) and run in OpenCV. The network outputs a heat map of face centres at a quarter of
the image size, and for each position the logarithm of the face's height and width and an offset.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from agreid_cli.assets import asset
from agreid_cli.errors import MissingError

WEIGHTS = "faces/centerface.onnx"
#: Version of everything that decides which faces are found; part of the inputs, so that older crops are not
#: mixed in.
VERSION = "centerface/1"
#: (height, width) that every image is resized to: OpenCV's network supports only one size. The face of a
#: person who fills it is about 35 pixels high, where the network detects best (tests/benchmarks/faces.py).
CANVAS = (256, 128)
#: Score above which a position is a face. Low, because a missed face costs more than an extra patch.
HEAT = 0.3
#: IoU above which the weaker of two faces is dropped.
OVERLAP = 0.3
STRIDE = 4
OUTPUTS = ("537", "538", "539")  # heat, log of height and width, offset

Box = tuple[int, int, int, int]


def find_faces(image: np.ndarray) -> list[Box]:
    """x1 y1 x2 y2 of the faces in an image of a person, uint8 BGR of any size, in whole pixels of it."""
    canvas, scale = _fitted(image)
    network = network_of_faces()
    network.setInput(cv2.dnn.blobFromImage(canvas, swapRB=True))
    heat, size, offset = (part[0] for part in network.forward(OUTPUTS))
    row, column = np.nonzero(heat[0] > HEAT)
    height, width = np.exp(size[:, row, column]) * STRIDE
    y, x = (np.stack([row, column]) + offset[:, row, column] + 0.5) * STRIDE
    boxes = np.stack([x - width / 2, y - height / 2, width, height], axis=1) / scale
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), heat[0, row, column].tolist(), HEAT, OVERLAP)
    found = boxes[np.asarray(kept, np.int64).reshape(-1)]
    low, high = np.floor(found[:, :2]), np.ceil(found[:, :2] + found[:, 2:])
    corners = np.concatenate([low, high], axis=1).astype(int)
    return sorted((x1, y1, x2, y2) for x1, y1, x2, y2 in corners.tolist())


def check() -> None:
    """Load the network. Raises `MissingError` if the weights are missing from this installation."""
    try:
        network_of_faces()
    except FileNotFoundError as error:
        raise MissingError(
            "the face detector is missing from this installation of agreid",
            hint="Install agreid again, or leave faces unchanged: --no-pixelate-faces",
        ) from error


def _fitted(image: np.ndarray) -> tuple[np.ndarray, float]:
    """The image scaled to fit the upper left of the canvas, and the scale."""
    height, width = image.shape[:2]
    scale = min(CANVAS[0] / height, CANVAS[1] / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    fitted = cv2.resize(image, size, interpolation=way)
    right, below = CANVAS[1] - size[0], CANVAS[0] - size[1]
    return cv2.copyMakeBorder(fitted, 0, below, 0, right, cv2.BORDER_CONSTANT), scale


@lru_cache(maxsize=1)
def network_of_faces() -> cv2.dnn.Net:
    return cv2.dnn.readNetFromONNX(str(asset(WEIGHTS)))
