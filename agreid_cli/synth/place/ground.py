"""The ground of the campus: paths, grass, kerbs and markings, painted once from a seed.

The texture is a square of 2.5 cm texels that repeats endlessly, with a pyramid of coarser copies; each row of
the image is sampled from the two copies whose texels are closest in size to its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from agreid_cli.synth.draw.camera import Camera, Window
from agreid_cli.synth.draw.noise import noise
from agreid_cli.synth.place.ground_paint import TEXEL_M, layout, smooth

_BAND = 16  # rows with the same level of detail; counted from the top of the frame, regardless of the window
_GRAIN_M = 0.006  # texel size of the fine grain needed in close views
FAR_M = 260.0


@dataclass(frozen=True)
class Ground:
    """A square of about `extent_m` metres around the origin, repeated beyond it and painted from the seed.

    It contains: a paved street 12 m wide from west to east through the origin, a plaza (x −13…13, y −8…26)
    with beds and lawns, an asphalt path from south to north near x = −9, a road with markings along y = −26;
    grass everywhere else.
    """

    seed: int = 0
    extent_m: float = 76.8


@lru_cache(maxsize=4)
def _pyramid(ground: Ground) -> tuple[np.ndarray, ...]:
    levels = [layout(ground.seed, ground.extent_m)]
    while levels[-1].shape[0] > 64:
        half = levels[-1].shape[0] // 2
        levels.append(cv2.resize(levels[-1], (half, half), interpolation=cv2.INTER_AREA))
    return tuple(levels)


@lru_cache(maxsize=1)
def _grain() -> tuple[np.ndarray, ...]:
    """Fine grain, uint8, 128 is neutral; coarser copies converge to 128."""
    rng = np.random.default_rng(5)
    fine = 0.6 * smooth(rng, 512, 512) + 0.4 * smooth(rng, 512, 128)
    levels = [np.clip(128 + 22 * fine, 0, 255).astype(np.uint8)]
    while levels[-1].shape[0] > 64:
        half = levels[-1].shape[0] // 2
        levels.append(cv2.resize(levels[-1], (half, half), interpolation=cv2.INTER_AREA))
    return tuple(levels)


def to_ground(camera: Camera) -> np.ndarray:
    """3×3: pixel (u, v, 1) to (X, Y, 1) / depth on the plane z = 0, up to a positive factor on depth."""
    plane = camera.K @ np.column_stack([camera.R[:, 0], camera.R[:, 1], camera.t])
    return np.linalg.inv(plane)


def places(camera: Camera, window: Window) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X, Y in metres of the ground under each pixel centre, and 1 / depth (≤ 0 above the horizon), (h, w)."""
    x0, y0, x1, y1 = window
    back = to_ground(camera)
    u, v = np.arange(x0, x1) + 0.5, np.arange(y0, y1)[:, None] + 0.5
    near = back[2, 0] * u + (back[2, 1] * v + back[2, 2])
    safe = 1.0 / np.where(near > 1e-6, near, 1e-6)
    X = (back[0, 0] * u + (back[0, 1] * v + back[0, 2])) * safe
    Y = (back[1, 0] * u + (back[1, 1] * v + back[1, 2])) * safe
    return X, Y, near


def paint(ground: Ground, camera: Camera, window: Window) -> np.ndarray:
    """Albedo as display values, uint8 (h, w, 3), BGR; above the horizon it is sky."""
    x0, y0, x1, y1 = window
    out = np.empty((y1 - y0, x1 - x0, 3), np.uint8)
    levels, grain = _pyramid(ground), _grain()
    for top in range(y0 - y0 % _BAND, y1, _BAND):
        first, last = max(top, y0), min(top + _BAND, y1)
        X, Y, near = places(camera, (x0, first, x1, last))
        texels = _footprint(camera, top + _BAND // 2)
        piece = _sample(levels, X, Y, TEXEL_M, texels, len(levels[0]) / 2)
        if texels < 2.0:
            mottled = _sample(grain, X, Y, _GRAIN_M, texels * TEXEL_M / _GRAIN_M, 0.0)
            piece = np.clip((piece * mottled[..., None].astype(np.uint16)) >> 7, 0, 255).astype(np.uint8)
        beyond = near < 1.0 / FAR_M
        if beyond.any():
            _beyond(piece, near, beyond, camera, (x0, first))
        out[first - y0 : last - y0] = piece
    return out


def _footprint(camera: Camera, row: int) -> float:
    """Number of texels covered by a pixel of this row, at the middle of the row; mean of both directions."""
    column = camera.width // 2
    X, Y, near = places(camera, (column, row, column + 2, row + 2))
    if near.min() < 1.0 / FAR_M:
        return 64.0
    across = np.hypot(X[0, 1] - X[0, 0], Y[0, 1] - Y[0, 0])
    along = np.hypot(X[1, 0] - X[0, 0], Y[1, 0] - Y[0, 0])
    return float((across * along) ** 0.5 / TEXEL_M)


def _sample(
    levels: tuple[np.ndarray, ...], X: np.ndarray, Y: np.ndarray, texel_m: float, texels: float, origin: float
) -> np.ndarray:
    """Trilinear: between texels and, in steps of 1/16, between two levels; x is east, y north."""
    detail = float(np.clip(np.log2(max(texels, 1e-3)), 0, len(levels) - 1.001))
    level, share = int(detail), round((detail % 1) * 16)
    wanted = [(level, 16 - share), (level + 1, share)]
    mixed = None
    for at, weight in wanted:
        if not weight:
            continue
        size, scale = len(levels[at]), 2.0**-at
        columns = X * (scale / texel_m) + origin * scale
        rows = origin * scale - Y * (scale / texel_m)
        if origin == 0.0:  # a small tile: whole periods are removed here, which is faster
            columns -= np.floor(columns * (1 / size)) * size
            rows -= np.floor(rows * (1 / size)) * size
        found = cv2.remap(
            levels[at], (columns - 0.5).astype(np.float32), (rows - 0.5).astype(np.float32),
            cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP,
        )  # fmt: skip
        part = found.astype(np.uint16) * weight
        mixed = part if mixed is None else mixed + part
    assert mixed is not None
    return np.asarray(((mixed + 8) >> 4).astype(np.uint8))


def _beyond(
    piece: np.ndarray, near: np.ndarray, beyond: np.ndarray, camera: Camera, corner: tuple[int, int]
) -> None:
    """Beyond the ground: an irregular line of trees, then the sky."""
    h, w = near.shape
    back = camera.R.T @ np.linalg.inv(camera.K)
    u, v = corner[0] + np.arange(w) + 0.5, corner[1] + np.arange(h)[:, None] + 0.5
    east, north, up = (back[i, 0] * u + (back[i, 1] * v + back[i, 2]) for i in range(3))
    rise = up / np.sqrt(east * east + north * north)  # tangent of the height above the horizon
    turn = np.arctan2(north, east)
    around = np.stack([turn, np.zeros_like(turn), np.maximum(rise, 0)], -1)[beyond]
    rise = rise[beyond][:, None]
    high = (
        0.035
        + 0.016 * noise(around * [1, 0, 0], 14)[:, None]
        + 0.008 * noise(around, (70, 1, 90), 1)[:, None]
    )
    leaves = 1 + 0.3 * noise(around, (110, 1, 140), 2) + 0.25 * noise(around, (25, 1, 40), 3)
    trees = np.array([62, 84, 70]) * leaves[:, None]
    sky = np.array([236, 222, 208]) - np.clip(rise, 0, 1) * np.array([0, 40, 70])
    piece[beyond] = np.clip(np.where(rise < high, trees, sky), 0, 255).astype(np.uint8)
