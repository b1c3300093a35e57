"""Cheap repeatable noise: a table of smooth random numbers, looked up by position."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

_SIDE = 64


@lru_cache(maxsize=1)
def _table() -> np.ndarray:
    """float32 (64, 64, 64), mean 0, about −1..1, always the same."""
    grid = np.random.default_rng(20230713).standard_normal((_SIDE,) * 3).astype(np.float32)
    for axis in range(3):
        grid = grid + 0.6 * (np.roll(grid, 1, axis) + np.roll(grid, -1, axis))
    grid -= grid.mean()
    grid = np.clip(grid / (2 * grid.std()), -1, 1)
    grid.flags.writeable = False
    return np.asarray(grid)


def noise(places: np.ndarray, per_metre: float | tuple[float, float, float], seed: int = 0) -> np.ndarray:
    """float32 (k,) in −1..1 at places (k, 3); `per_metre` is the spatial frequency along each axis."""
    scale = np.broadcast_to(np.asarray(per_metre, np.float64), (3,))
    shift = (seed * 7919) % 4096
    x, y, z = (
        np.floor(places[:, axis] * scale[axis] + shift * (axis + 1)).astype(np.int64) & 63
        for axis in range(3)
    )
    return np.asarray(np.take(_table(), (x * _SIDE + y) * _SIDE + z))
