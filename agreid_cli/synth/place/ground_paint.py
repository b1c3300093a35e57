"""Ground materials as repeating tiles, and the map that lays them out; painted once from a seed."""

from __future__ import annotations

import cv2
import numpy as np

TEXEL_M = 0.025
TILE = 512
#: sRGB in 0..255 (blue, green, red).
_GRASS, _SLABS, _ASPHALT, _CONCRETE, _SOIL = (
    (52, 98, 84), (138, 148, 154), (84, 82, 80), (158, 163, 165), (62, 82, 104),
)  # fmt: skip


def smooth(rng: np.random.Generator, size: int, cells: int) -> np.ndarray:
    """Noise float32 (size, size), about −1..1, periodic, with `cells` bumps per side."""
    small = rng.standard_normal((cells, cells)).astype(np.float32)
    ring = np.pad(small, 2, mode="wrap")
    scale = size / cells
    big = cv2.resize(ring, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    edge = round(2 * scale)
    return np.asarray(np.clip(big[edge : edge + size, edge : edge + size] * 0.6, -1, 1))


def _mixed(rng: np.random.Generator, octaves: tuple[tuple[int, float], ...], size: int = TILE) -> np.ndarray:
    layers = [share * smooth(rng, size, cells) for cells, share in octaves]
    return np.asarray(np.sum(layers, axis=0, dtype=np.float32))


def tiles(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Each material as uint8 (TILE, TILE, 3), BGR."""
    made = {}
    grain = _mixed(rng, ((512, 0.55), (256, 0.35), (64, 0.25), (16, 0.2)))
    dry = _mixed(rng, ((32, 0.5), (8, 0.5)))
    grass = (
        np.array(_GRASS) * (1 + 0.42 * grain[..., None])
        + np.array([8, 22, 40]) * np.clip(dry, 0, 1)[..., None]
    )
    made["grass"] = grass
    speck = _mixed(rng, ((512, 0.6), (128, 0.2), (24, 0.3), (6, 0.3)))
    made["asphalt"] = np.array(_ASPHALT) * (1 + 0.2 * speck[..., None])
    made["concrete"] = np.array(_CONCRETE) * (
        1 + 0.08 * _mixed(rng, ((512, 0.5), (64, 0.4), (8, 0.5)))[..., None]
    )
    made["soil"] = np.array(_SOIL) * (1 + 0.35 * _mixed(rng, ((512, 0.5), (128, 0.5), (16, 0.3)))[..., None])
    made["slabs"] = _slabs(rng)
    for name, tile in made.items():  # each campus has different stone and grass
        made[name] = tile * (1 + rng.normal(0, 0.05)) * (1 + rng.normal(0, 0.012, 3))
    return {name: np.clip(tile, 0, 255).astype(np.uint8) for name, tile in made.items()}


def _slabs(rng: np.random.Generator) -> np.ndarray:
    """Paving slabs of 0.8 × 0.4 m in a running bond, each with its own tone, with joints."""
    rows, columns = TILE // 16, TILE // 32
    y, x = np.mgrid[0:TILE, 0:TILE]
    row = y // 16
    shifted = (x + (row % 2) * 16) % TILE
    tone = rng.normal(0, 0.06, (rows, columns))[row, shifted // 32]
    hue = rng.normal(0, 1, (rows, columns))[row, shifted // 32]
    wear = 0.06 * _mixed(rng, ((512, 0.7), (128, 0.4), (12, 0.6)))
    slab = np.array(_SLABS) * (1 + tone + wear)[..., None] + hue[..., None] * np.array([-3.0, 0.0, 3.0])
    joint = (y % 16 == 0) | (shifted % 32 == 0)
    slab[joint] *= 0.72
    return np.asarray(slab)


def layout(seed: int, extent_m: float) -> np.ndarray:
    """The ground as uint8 (n, n, 3), BGR; row 0 is the north edge, column 0 the west edge."""
    rng = np.random.default_rng([seed, 77])
    n = max(TILE, round(extent_m / TEXEL_M / TILE) * TILE)
    kinds = tiles(rng)
    count = n // TILE
    spread = {name: np.tile(tile, (count, count, 1)) for name, tile in kinds.items()}
    ground = spread["grass"].copy()
    half = n * TEXEL_M / 2
    wander = smooth(rng, n, 8)[0]

    def box(name: str, west: float, south: float, east: float, north: float) -> None:
        rows, columns = (
            slice(*_span(half - north, half - south, n)),
            slice(*_span(half + west, half + east, n)),
        )
        ground[rows, columns] = spread[name][rows, columns]

    def line(colour: tuple[int, int, int], west: float, south: float, east: float, north: float) -> None:
        rows, columns = (
            slice(*_span(half - north, half - south, n)),
            slice(*_span(half + west, half + east, n)),
        )
        part = ground[rows, columns]
        ground[rows, columns] = (part * 0.25 + np.array(colour) * 0.75).astype(np.uint8)

    # A paved street from west to east through the origin, a path across it, a plaza, a road in the south.
    box("concrete", -half, -6.3, half, 6.3)
    box("slabs", -half, -6.0, half, 6.0)
    cross = -9.0 + 3.0 * float(wander[0])
    box("concrete", cross - 2.8, -half, cross + 2.8, half)
    box("asphalt", cross - 2.55, -half, cross + 2.55, half)
    box("slabs", cross - 2.55, -6.0, cross + 2.55, 6.0)
    box("concrete", -13.3, -8.3, 13.3, 26.3)
    box("slabs", -13.0, -8.0, 13.0, 26.0)
    for west, south in zip(rng.uniform(-12, 7, 5), (7.5, 11.0, 15.0, 19.0, 22.0), strict=True):
        wide, deep = rng.uniform(2.0, 5.0), rng.uniform(1.2, 2.6)
        box("concrete", west - 0.15, south - 0.15, west + wide + 0.15, south + deep + 0.15)
        box("grass" if rng.random() < 0.6 else "soil", west, south, west + wide, south + deep)
    road = -26.0
    box("concrete", -half, road - 4.4, half, road + 4.4)
    box("asphalt", -half, road - 3.6, half, road + 3.6)
    line((190, 190, 190), -half, road + 3.55, half, road + 3.7)
    line((190, 190, 190), -half, road - 3.7, half, road - 3.55)
    for start in np.arange(-half, half - 3.0, 5.0):
        line((205, 206, 206), start, road - 0.06, start + 2.5, road + 0.06)
    for start in np.arange(road - 3.2, road + 3.2, 0.95):
        line((205, 206, 206), cross - 2.2, start, cross + 2.2, start + 0.45)
    line((120, 185, 205), -13.0, -6.06, 13.0, -5.94)
    line((120, 185, 205), -13.0, 6.94, 13.0, 7.06)
    for x, y in rng.uniform(-0.42, 0.42, (14, 2)) * 2 * half:  # manhole covers, drains
        cv2.circle(
            ground,
            (round((half + x) / TEXEL_M), round((half - y) / TEXEL_M)),
            13,
            (72, 74, 76),
            -1,
            cv2.LINE_AA,
        )
    stains = _mixed(rng, ((24, 0.6), (7, 0.6)), n)
    return np.clip(ground * (1 + 0.085 * stains[..., None]), 0, 255).astype(np.uint8)


def _span(start_m: float, end_m: float, n: int) -> tuple[int, int]:
    return max(round(start_m / TEXEL_M), 0), min(round(end_m / TEXEL_M), n)
