"""Crops as small JPEGs inside the page, unchanged except for size, so pixelated faces stay pixelated."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from agreid_cli.records.images.reading import read_picture

WIDEST = 3  # maximum ratio of width to height; nothing wider is a person


@dataclass(frozen=True)
class Picture:
    """An image embedded in the page; `uri` is its `data:` address, sizes are in pixels."""

    uri: str
    width: int
    height: int


@dataclass
class Thumbnails:
    """The crops by id, each read once; None if the file of a crop is missing or not an image."""

    paths: Mapping[str, Path]
    height: int
    quality: int
    missing: set[str] = field(default_factory=set)
    _made: dict[str, Picture | None] = field(default_factory=dict)

    def of(self, crop: str) -> Picture | None:
        if crop not in self._made:
            path = self.paths.get(crop)
            self._made[crop] = _thumbnail(path, self.height, self.quality) if path else None
            if self._made[crop] is None:
                self.missing.add(crop)
        return self._made[crop]

    @property
    def shown(self) -> int:
        return sum(picture is not None for picture in self._made.values())


def picture(image: np.ndarray, quality: int) -> Picture:
    """An image uint8 BGR (h, w, 3) as a JPEG in the page."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return Picture(_uri(data.tobytes(), "jpeg"), image.shape[1], image.shape[0])


def sheet(path: Path, widest: int, quality: int) -> Picture | None:
    """A drawn image of at most this width; None if it is not an image."""
    image = _read(path)
    if image is None:
        return None
    high, wide = image.shape[:2]
    if wide > widest:
        size = (widest, max(1, round(high * widest / wide)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return picture(image, quality)


def _read(path: Path) -> np.ndarray | None:
    try:
        return np.ascontiguousarray(read_picture(path).pixels[..., ::-1])
    except (OSError, ValueError):
        return None


def _thumbnail(path: Path, height: int, quality: int) -> Picture | None:
    image = _read(path)
    if image is None:
        return None
    high, wide = image.shape[:2]
    width = max(1, min(round(wide * height / high), WIDEST * height))
    smaller = cv2.INTER_AREA if high > height else cv2.INTER_CUBIC
    return picture(cv2.resize(image, (width, height), interpolation=smaller), quality)


def _uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
