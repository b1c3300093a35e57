"""Objects that occlude people: trees, lamp posts, benches, walls, planters, bins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from agreid_cli.synth.draw.light import linear
from agreid_cli.synth.draw.mesh import SIDES, Lofts, Mesh, cross, placed
from agreid_cli.synth.draw.noise import noise
from agreid_cli.synth.people.palette import colour

Kind = Literal["tree", "lamp", "bench", "wall", "planter", "bin"]
BARK, LEAF, STEEL, WOOD, STONE, PLASTIC = range(6)
_COLOURS = np.array(
    [linear(np.array(colour(text))) for text in ("5b4a3a", "45602f", "4a4d52", "7d5c3b", "a39c90", "3a5a44")]
)
_FRONT, _LEFT = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Occluder:
    """One object at (x, y) metres, rotated by `heading_rad`; `size` 1 is normal.

    At size 1: a tree 6.5 m high with a crown 4 m wide, a lamp of 5 m, a bench 1.8 m long, a wall 4 m long
    and 1 m high, a planter 2 m long, a bin 0.9 m high. The long side is perpendicular to the heading.
    """

    kind: Kind
    x: float
    y: float
    heading_rad: float = 0.0
    size: float = 1.0
    seed: int = 0


@lru_cache(maxsize=512)
def shape(thing: Occluder) -> Mesh:
    """Its mesh in the world; `part` is 0 everywhere, `paint` a material of this file."""
    lofts, rng = Lofts(), np.random.default_rng([thing.seed, 11])
    k = thing.size
    if thing.kind == "tree":
        crown = _tree(lofts, rng, k)
    elif thing.kind == "lamp":
        _stack(lofts, (0, 0), [0, 0.02, 0.3, 0.32, 5, 5.01], [0.01, 0.12, 0.12, 0.06, 0.045, 0.01], STEEL, k)
        _bar(lofts, (-0.05, 0, 5.0), (0.9, 0, 5.1), 0.05, STEEL, k)
        _bar(lofts, (0.6, 0, 5.02), (1.15, 0, 5.08), 0.13, STONE, k)
    elif thing.kind == "bench":
        for x in (-0.18, 0.0, 0.18):
            _bar(lofts, (x, -0.9, 0.45), (x, 0.9, 0.45), 0.075, WOOD, k, flat=0.3)
        for z in (0.65, 0.82):
            _bar(lofts, (-0.3, -0.9, z), (-0.3, 0.9, z), 0.03, WOOD, k)
        for y in (-0.7, 0.7):
            _bar(lofts, (-0.25, y, 0), (-0.3, y, 0.85), 0.03, STEEL, k)
            _bar(lofts, (0.18, y, 0), (0.18, y, 0.42), 0.03, STEEL, k)
    elif thing.kind == "wall":
        _block(lofts, (0.14, 2.0), [0, 0.001, 0.9, 0.92, 0.99, 1.0], [0.05, 1, 1, 1.08, 1.08, 0.05], STONE, k)
    elif thing.kind == "planter":
        _block(lofts, (0.45, 1.0), [0, 0.001, 0.5, 0.52, 0.53], [0.05, 1, 1, 0.95, 0.05], STONE, k)
        for y in (-0.55, 0.0, 0.55):
            _blob(lofts, rng, (0.0, y, 0.75), (0.4, 0.42, 0.42), k)
    else:
        _stack(lofts, (0, 0), [0, 0.01, 0.8, 0.86, 0.9], [0.02, 0.24, 0.27, 0.24, 0.02], PLASTIC, k)
    mesh = lofts.mesh()
    if thing.kind == "tree":
        mesh = _outside(mesh, crown)
    return placed(mesh, thing.x, thing.y, thing.heading_rad)


@lru_cache(maxsize=512)
def bounds(thing: Occluder) -> np.ndarray:
    """The eight corners of its bounding box, (8, 3)."""
    points = shape(thing).points
    ends = np.stack([points.min(0), points.max(0)])
    return np.array([[ends[i, 0], ends[j, 1], ends[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])


def painted(paint: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Albedo float64 (k, 3), linear."""
    rough = 1 + 0.25 * noise(rest, 14) + 0.15 * noise(rest, 60, 3)
    leaf = paint == LEAF
    rough[leaf] += 0.45 * noise(rest[leaf], 26, 4)
    return np.asarray(_COLOURS[paint] * rough[:, None])


def solid(paint: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Whether a position is solid: leaves have gaps."""
    there = np.ones(len(paint), bool)
    leaf = np.flatnonzero(paint == LEAF)
    there[leaf] = noise(rest[leaf], 7.0, 9) + 0.5 * noise(rest[leaf], 17.0, 8) > -0.62
    return there


def _tree(lofts: Lofts, rng: np.random.Generator, k: float) -> np.ndarray:
    """A trunk and balls of leaves; the balls as (n, 6): centre and half sizes along x, y, z."""
    _stack(lofts, (0, 0), [0, 0.05, 0.5, 2.2, 3.6, 5.0], [0.26, 0.2, 0.15, 0.13, 0.1, 0.03], BARK, k)
    crown = []
    for _ in range(9):
        turn, out = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 1.25)
        centre = (out * np.cos(turn), out * np.sin(turn), rng.uniform(3.2, 5.6))
        half = tuple(rng.uniform(0.75, 1.25, 3))
        _blob(lofts, rng, centre, half, k)
        crown.append((*centre, *half))
    return np.array(crown) * k


def _outside(mesh: Mesh, crown: np.ndarray) -> Mesh:
    """Remove leaves deep inside another ball, which are invisible and most of the cost of a tree."""
    corners = mesh.points[mesh.faces]
    buried = np.zeros(len(mesh.faces), bool)
    for ball in crown:
        apart = (((corners - ball[:3]) / ball[3:]) ** 2).sum(-1)
        buried |= (apart < 0.55).all(1)
    keep = ~(buried & (mesh.paint == LEAF))
    return Mesh(mesh.points, mesh.normals, mesh.rest, mesh.faces[keep], mesh.part[keep], mesh.paint[keep])


def _blob(
    lofts: Lofts, rng: np.random.Generator, centre: tuple[float, ...], half: tuple[float, ...], k: float
) -> None:
    """An irregular ball of leaves."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, 11)
    ragged = 1 + 0.2 * rng.uniform(-1, 1, (11, SIDES + 1))
    ragged[:, -1] = ragged[:, 0]
    ragged[[0, -1]] = 1
    round_ = np.maximum(np.cos(angle), 0.01)
    centres = np.array(centre) + np.sin(angle)[:, None] * half[2] * _UP
    lofts.add(
        centres * k,
        _LEFT,
        _FRONT,
        wide=round_ * half[1] * k,
        deep=round_ * half[0] * k,
        rest=centres * k + rng.uniform(0, 9),
        part=0,
        paint=LEAF,
        scale=ragged,
    )


def _stack(
    lofts: Lofts, at: tuple[float, float], z: list[float], radius: list[float], paint: int, k: float
) -> None:
    centres = np.array([[*at, height] for height in z]) * k
    lofts.add(
        centres,
        _LEFT,
        _FRONT,
        wide=np.array(radius) * k,
        deep=np.array(radius) * k,
        rest=centres,
        part=0,
        paint=paint,
    )


def _block(
    lofts: Lofts, half: tuple[float, float], z: list[float], share: list[float], paint: int, k: float
) -> None:
    centres = np.array([[0.0, 0.0, height] for height in z]) * k
    around = np.array(share)
    lofts.add(
        centres,
        _LEFT,
        _FRONT,
        wide=around * half[1] * k,
        deep=around * half[0] * k,
        square=0.08,
        rest=centres,
        part=0,
        paint=paint,
    )


def _bar(
    lofts: Lofts,
    start: tuple[float, ...],
    end: tuple[float, ...],
    radius: float,
    paint: int,
    k: float,
    *,
    flat: float = 1.0,
) -> None:
    low, high = np.array(start) * k, np.array(end) * k
    axis = (high - low) / np.sqrt(((high - low) ** 2).sum())
    left = cross(axis, _UP if abs(axis[2]) < 0.9 else _FRONT)
    left /= np.sqrt((left * left).sum())
    centres = np.stack([low, low + axis * 0.005, high - axis * 0.005, high])
    wide = np.array([0.1, 1, 1, 0.1]) * radius * k
    lofts.add(
        centres,
        left,
        cross(left, axis),
        wide=wide,
        deep=wide * flat,
        square=0.5,
        rest=centres,
        part=0,
        paint=paint,
    )
