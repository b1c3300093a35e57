"""Camera simulation: motion blur, lens, exposure and white balance, noise, compression.

Every step depends on absolute pixel positions and a neighbourhood of a few pixels, so that a window of a
frame equals the same part of the whole frame, except for a border of `MARGIN` pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from agreid_cli.synth.draw.camera import Window

#: Border of a window, in pixels, affected by blur and JPEG chroma subsampling.
MARGIN = 24
#: JPEG block size with chroma subsampling; windows start at multiples of it.
BLOCK = 16
_TILE = 1024
#: Rows of noise made at a time, so that its arrays stay in the cache.
_ROWS = 16
Shift = tuple[float, float]


@dataclass(frozen=True)
class Sensor:
    """gains: blue, green, red. gamma: above 1 darkens midtones. saturation: 0 grey, 1 unchanged.

    blur_px: sigma of lens and digital zoom. noise: sigma in grey levels; chroma: fraction of it that is
    chromatic. quality: of the JPEG quantisation that simulates the camera's encoder.
    """

    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gamma: float = 1.0
    saturation: float = 1.0
    blur_px: float = 0.6
    noise: float = 2.0
    chroma: float = 0.5
    quality: int = 80


def expose(
    image: np.ndarray,
    owner: np.ndarray,
    window: Window,
    sensor: Sensor,
    *,
    shift: Shift,
    shifts: Mapping[int, Shift],
    seed: int,
) -> np.ndarray:
    """The camera image of `window`, uint8 (h, w, 3).

    image: uint8 (h, w, 3), as rendered. owner: int16 (h, w), the person at each pixel, −1 none. shift: motion
    of the ground while the shutter is open, pixels; shifts: the same for each person. seed: for the noise of
    this frame.
    """
    image = _moved(image, owner, shift, shifts)
    if sensor.blur_px > 0.2:
        image = cv2.GaussianBlur(image, (0, 0), sensor.blur_px)
    image = cv2.LUT(cv2.transform(image, _colours(sensor)), _curve(sensor.gamma))
    image = _noisy(image, window, sensor, seed)
    good, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, sensor.quality])
    assert good
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))


def aligned(
    box: tuple[float, float, float, float], width: int, height: int, *, margin: int = MARGIN
) -> Window:
    """The window of whole blocks that contains `box` plus a border of `margin` pixels, inside the frame.

    >>> aligned((100, 50, 130, 90), 704, 480)
    (64, 16, 160, 128)
    """
    x1, y1, x2, y2 = box
    low = [int((v - margin) // BLOCK * BLOCK) for v in (x1, y1)]
    high = [int(-(-(v + margin) // BLOCK) * BLOCK) for v in (x2, y2)]
    return max(0, low[0]), max(0, low[1]), min(width, high[0]), min(height, high[1])


def _moved(image: np.ndarray, owner: np.ndarray, shift: Shift, shifts: Mapping[int, Shift]) -> np.ndarray:
    out = _swept(image, shift)
    for person in np.unique(owner[owner >= 0]).tolist():
        own = shifts.get(person, shift)
        if abs(own[0] - shift[0]) + abs(own[1] - shift[1]) < 0.7:
            continue
        mask = (owner == person).astype(np.uint8)
        x, y, w, h = cv2.boundingRect(mask)
        reach = int(np.ceil(max(map(abs, own)))) + 2
        part = np.s_[max(0, y - reach) : y + h + reach, max(0, x - reach) : x + w + reach]
        here = mask[part].astype(np.float32)
        seen = _swept(image[part].astype(np.float32) * here[..., None], own)
        cover = _swept(here, own)[..., None]
        out[part] = np.rint(np.clip(out[part] * (1 - cover) + seen, 0, 255)).astype(np.uint8)
    return out


def _swept(image: np.ndarray, shift: Shift) -> np.ndarray:
    """Averaged along a straight motion of `shift` pixels, symmetric about its position."""
    kernel = _line(round(shift[0], 1), round(shift[1], 1))
    if kernel.size == 1:
        return image.copy()
    return np.asarray(cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE))


@lru_cache(maxsize=256)
def _line(dx: float, dy: float) -> np.ndarray:
    """The kernel of a motion: float32 (2r+1, 2r+1), sum 1."""
    length = float(np.hypot(dx, dy))
    if length < 0.7:
        return np.ones((1, 1), np.float32)
    reach = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for part in np.linspace(-0.5, 0.5, max(3, int(np.ceil(length * 4)))):
        x, y = reach + dx * part, reach + dy * part
        x0, y0 = int(np.floor(x)), int(np.floor(y))
        fx, fy = x - x0, y - y0
        kernel[y0 : y0 + 2, x0 : x0 + 2] += np.outer([1 - fy, fy], [1 - fx, fx])
    return np.asarray(kernel / kernel.sum())


def _colours(sensor: Sensor) -> np.ndarray:
    """3×3 on BGR: saturation, then white balance and exposure."""
    grey = np.tile([0.114, 0.587, 0.299], (3, 1))
    return np.asarray(sensor.gains)[:, None] * (
        sensor.saturation * np.eye(3) + (1 - sensor.saturation) * grey
    )


@lru_cache(maxsize=64)
def _curve(gamma: float) -> np.ndarray:
    return np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)


@lru_cache(maxsize=1)
def _grain() -> np.ndarray:
    """Unit noise × 16, int8 (4, tile, tile): one luminance and three colour channels."""
    noise = np.random.default_rng(20230514).normal(0, 16, (_TILE, _TILE, 4))
    # Sensor noise is not white after demosaicing: neighbours are correlated.
    noise = cv2.GaussianBlur(noise, (3, 3), 0.6, borderType=cv2.BORDER_REFLECT)
    noise *= 16 / noise.std()
    return np.ascontiguousarray(np.clip(np.rint(noise), -127, 127).astype(np.int8).transpose(2, 0, 1))


def _noisy(image: np.ndarray, window: Window, sensor: Sensor, seed: int) -> np.ndarray:
    if sensor.noise <= 0:
        return image
    x0, y0, x1, y1 = window
    down, across = np.random.default_rng(seed).integers(0, _TILE, 2)
    rows, columns = (np.arange(y0, y1) + down) % _TILE, (np.arange(x0, x1) + across) % _TILE
    # More in bright areas (shot noise), some in dark areas (read noise).
    strength = np.sqrt(0.35 + 0.65 * np.arange(256, dtype=np.float32) / 128)
    bright = cv2.LUT(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), strength)
    out = np.empty_like(image)
    for at in range(0, len(rows), _ROWS):
        some = np.s_[at : at + _ROWS]
        luminance, *colours = (
            np.take(plane[rows[some]], columns, axis=1).astype(np.float32) for plane in _grain()
        )
        luminance *= sensor.noise / 16
        for channel, noise in enumerate(colours):
            noise *= sensor.noise / 16
            noise *= sensor.chroma
            noise += luminance
            noise *= bright[some]
            noise += image[some, :, channel]
            np.clip(noise, 0, 255, out=noise)
            out[some, :, channel] = np.rint(noise, out=noise)
    return out
