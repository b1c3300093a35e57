"""Colour histograms of whole crops: a baseline that a re-ID network must exceed.

There are four, because the best one depends on the data: few bands with fine colours, or many bands with
coarse colours of the middle columns, which contain less background; each with the original colours and after
grey-world balance, which compensates for the cameras' white balance. The histograms are square-rooted, so
that the cosine of two is their Bhattacharyya coefficient.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

#: (height, width) that crops are resized to.
SIZE = (128, 64)


@dataclass(frozen=True)
class Histogram:
    """bins: of hue, saturation, value, in each of `bands` from head to feet. columns: first and last + 1."""

    bands: int
    bins: tuple[int, int, int]
    columns: tuple[int, int]
    grey_world: bool

    def __str__(self) -> str:
        hue, saturation, value = self.bins
        first, end = self.columns
        where = "" if self.columns == (0, SIZE[1]) else f" of columns {first} to {end}"
        balance = ", grey-world" if self.grey_world else ""
        return f"HSV {hue}×{saturation}×{value} in {self.bands} bands{where}{balance}"

    def describe(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 RGB n×128×64×3 to float32 (n, bands · bins) of unit length."""
        rows = [self._one(np.ascontiguousarray(crop)) for crop in pixels]
        width = self.bands * int(np.prod(self.bins))
        return np.stack(rows) if rows else np.zeros((0, width), np.float32)

    def _one(self, crop: np.ndarray) -> np.ndarray:
        if self.grey_world:
            crop = balanced(crop)
        hsv = cv2.cvtColor(crop[:, self.columns[0] : self.columns[1]], cv2.COLOR_RGB2HSV).astype(np.int64)
        hue, saturation, value = (
            hsv[..., i] * n // scale
            for i, (n, scale) in enumerate(zip(self.bins, (180, 256, 256), strict=True))
        )
        band = np.arange(len(crop))[:, None] * self.bands // len(crop)
        place = ((band * self.bins[0] + hue) * self.bins[1] + saturation) * self.bins[2] + value
        counts = np.bincount(place.ravel(), minlength=self.bands * int(np.prod(self.bins)))
        return np.asarray(np.sqrt(counts / counts.sum()), np.float32)


#: In the order in which they usually rank; the strongest is chosen by measurement.
HISTOGRAMS = tuple(
    Histogram(bands, bins, columns, grey_world)
    for grey_world in (True, False)
    for bands, bins, columns in ((8, (16, 4, 4), (12, 52)), (2, (16, 8, 8), (0, SIZE[1])))
)


def described(pixels: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The name of each histogram, and its features of the crops."""
    for histogram in HISTOGRAMS:
        yield str(histogram), histogram.describe(pixels)


def balanced(crop: np.ndarray) -> np.ndarray:
    """The crop with the means of its channels made equal: grey-world balance.

    >>> balanced(np.full((2, 2, 3), (100, 50, 150), np.uint8))[0, 0].tolist()
    [100, 100, 100]
    """
    means = crop.reshape(-1, 3).mean(axis=0)
    gains = means.mean() / np.maximum(means, 1.0)
    return np.asarray(np.clip(np.rint(crop * gains), 0, 255), np.uint8)
