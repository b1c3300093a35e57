"""Overlay attention maps on crops: bilinear resize, min-max scaling, squared, as colour."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

ALPHA = 0.4  # opacity of the colour
COLOURS = "nipy_spectral"


def overlay(image: npt.NDArray[np.uint8], attention: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """uint8 BGR (h, w, 3) with the map (H, W) as an overlay."""
    height, width = image.shape[:2]
    strength = cv2.resize(attention.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    colour = _palette()[np.rint(255 * spread(strength) ** 2).astype(np.uint8)]
    return np.asarray(cv2.addWeighted(colour, ALPHA, image, 1 - ALPHA, 0).astype(np.uint8))


def spread(attention: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Scale the map from 0 at its minimum to 1 at its maximum; 0 everywhere for a constant map.

    >>> spread(np.array([[1.0, 2.0], [3.0, 1.5]])).tolist()
    [[0.0, 0.5], [1.0, 0.25]]
    """
    low, high = attention.min(), attention.max()
    if high - low <= 1e-12:
        return np.zeros_like(attention)
    stretched: npt.NDArray[np.floating] = (attention - low) / (high - low)
    return stretched


def top_third(attention: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """The third of the positions of each map with the highest attention: (..., H, W) → bool of that shape."""
    flat = attention.reshape(*attention.shape[:-2], -1)
    level = np.quantile(flat, 2 / 3, axis=-1)[..., None, None]
    return np.asarray(attention > level)


@lru_cache
def _palette() -> npt.NDArray[np.uint8]:
    """256 colours, BGR."""
    from matplotlib import colormaps

    colours = colormaps[COLOURS](np.linspace(0, 1, 256))[:, 2::-1]
    palette: npt.NDArray[np.uint8] = np.rint(255 * colours).astype(np.uint8)
    return palette
