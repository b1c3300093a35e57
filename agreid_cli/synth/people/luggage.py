"""Carried objects: backpacks, handbags, rolling bags, umbrellas, sports bags, shopping bags."""

from __future__ import annotations

import numpy as np

from agreid_cli.synth.draw.mesh import Lofts, cross
from agreid_cli.synth.people import parts, wear
from agreid_cli.synth.people.body import LEFT, RIGHT, Pose
from agreid_cli.synth.people.limbs import SIDEWAYS
from agreid_cli.synth.people.look import Look
from agreid_cli.synth.people.trunk import body_sizes, spine

_AHEAD = np.array([1.0, 0.0, 0.0])


def luggage(lofts: Lofts, look: Look, now: Pose, size: dict[str, float]) -> None:
    kind, H = look.labels["bag"], size["H"]
    side = look.side
    mine = now.arms[LEFT if side > 0 else RIGHT]
    hand = mine.bottom + (mine.bottom - mine.middle) * 0.5
    hip = np.array([0.0, side * (body_sizes(look, np.array([0.0]), size)[0, 0] + 0.05), now.hip_z])
    bulk = 0.85 + 0.35 * look.vary[7]
    if kind == "backpack":
        backpack(lofts, look, now, size, bulk)
    elif kind == "normal":
        box(lofts, hip + np.array([-0.03, 0.02 * side, 0.02 * H]), (0.17 * bulk, 0.055, 0.13 * bulk), look)
    elif kind == "sportif":
        duffel(lofts, hip + np.array([-0.02, 0.07 * side, 0.0]), bulk)
    elif kind == "handbag":
        if look.vary[5] < 0.6:
            spot, grip = hand - np.array([0, 0, 0.2]), hand
        else:
            spot = mine.middle + np.array([0.06, 0.03 * side, -0.16])
            grip = mine.middle + np.array([0.06, 0.0, 0.0])
        box(lofts, spot, (0.14 * bulk, 0.05, 0.1 * bulk), look, taper=0.75)
        rod(lofts, spot + np.array([0.05, 0, 0.08]), grip, 0.008, wear.BAG)
        rod(lofts, spot + np.array([-0.05, 0, 0.08]), grip, 0.008, wear.BAG)
    elif kind == "market":
        spot = hand - np.array([0, 0, 0.3])
        box(lofts, spot, (0.15 * bulk, 0.07, 0.16 * bulk), look, taper=0.55)
        rod(lofts, spot + np.array([0, 0, 0.12]), hand, 0.012, wear.BAG)
    elif kind == "rolling":
        spot = np.array([hand[0] - 0.28, hand[1] + 0.02 * side, 0.33 * bulk])
        box(lofts, spot, (0.12, 0.17 * bulk, 0.28 * bulk), look, tilt=0.35)
        rod(lofts, spot + np.array([0.06, 0, 0.22 * bulk]), hand, 0.012, wear.METAL)
    elif kind == "umbrella":
        umbrella(lofts, hand, side)


def box(
    lofts: Lofts,
    centre: np.ndarray,
    half: tuple[float, float, float],
    look: Look,
    *,
    taper: float = 0.92,
    tilt: float = 0.0,
) -> None:
    """A soft box of half sizes (along, across, up) metres; `taper` narrows its top."""
    z = np.array([-1, -0.97, -0.85, -0.2, 0.5, 0.92, 1.0])
    share = np.array([0.1, 0.85, 1, 1, 1 - (1 - taper) * 0.7, taper, 0.1])
    up = np.array([np.sin(tilt), 0, np.cos(tilt)])
    centres = np.asarray(centre) + (z * half[2])[:, None] * up
    rest = np.zeros((7, 3))
    rest[:, 2] = z * half[2]
    lofts.add(
        centres,
        SIDEWAYS,
        np.array([np.cos(tilt), 0, -np.sin(tilt)]),
        wide=share * half[1],
        deep=share * half[0],
        square=0.35,
        rest=rest,
        part=parts.BAG,
        paint=wear.BAG,
    )


def backpack(lofts: Lofts, look: Look, now: Pose, size: dict[str, float], bulk: float) -> None:
    up = np.array([0.045, 0.05, 0.07, 0.13, 0.2, 0.25, 0.272, 0.28])
    up = 0.28 - (0.28 - up) * (0.8 + 0.25 * bulk)
    centres, left, front = spine(now, up, size)
    behind = body_sizes(look, up, size)[2] + wear.top(look).ease_m
    deep = np.array([0.02, 0.06, 0.075, 0.08, 0.07, 0.055, 0.035, 0.01]) * bulk * (size["H"] / 1.7)
    wide = np.array([0.03, 0.075, 0.085, 0.088, 0.085, 0.075, 0.055, 0.02]) * size["H"] * (0.8 + 0.2 * bulk)
    centres = centres - front * (behind + deep * 0.75)[:, None]
    rest = np.zeros((len(up), 3))
    rest[:, 1], rest[:, 2] = -0.1, up * size["H"]
    lofts.add(
        centres, left, front, wide=wide, deep=deep, square=0.55, rest=rest, part=parts.BAG, paint=wear.BAG
    )


def duffel(lofts: Lofts, centre: np.ndarray, bulk: float) -> None:
    """A cylindrical bag at the hip, along the walking direction."""
    x = np.array([-1, -0.98, -0.85, 0.0, 0.85, 0.98, 1.0]) * 0.27 * bulk
    radius = np.array([0.01, 0.1, 0.125, 0.13, 0.125, 0.1, 0.01]) * bulk
    centres = centre + x[:, None] * _AHEAD
    rest = np.zeros((7, 3))
    rest[:, 2] = x
    lofts.add(
        centres,
        np.array([0.0, 0.0, 1.0]),
        SIDEWAYS,
        wide=radius,
        deep=radius,
        square=0.8,
        rest=rest,
        part=parts.BAG,
        paint=wear.BAG,
    )


def rod(lofts: Lofts, low: np.ndarray, high: np.ndarray, radius: float, paint: int) -> None:
    """A straight stick or strap between two points."""
    axis = (high - low) / np.sqrt(((high - low) ** 2).sum())
    left = cross(axis, _AHEAD if abs(axis[0]) < 0.9 else SIDEWAYS)
    left /= np.sqrt((left * left).sum())
    centres = np.stack([low, high])
    lofts.add(
        centres,
        left,
        cross(left, axis),
        wide=np.full(2, radius),
        deep=np.full(2, radius),
        rest=np.zeros((2, 3)),
        part=parts.BAG,
        paint=paint,
    )


def umbrella(lofts: Lofts, hand: np.ndarray, side: int) -> None:
    top = hand + np.array([0.06, -0.06 * side, 0.78])
    rod(lofts, hand - np.array([0, 0, 0.1]), top, 0.012, wear.METAL)
    z = np.array([-0.2, -0.22, -0.14, -0.06, -0.015, 0.0])
    radius = np.array([0.3, 0.54, 0.46, 0.31, 0.15, 0.01])
    centres = top + z[:, None] * [0, 0, 1.0]
    rest = np.zeros((6, 3))
    rest[:, 2] = z
    ribs = 1 - 0.06 * (np.arange(17) % 2) * (radius > 0.2)[:, None]
    lofts.add(
        centres,
        SIDEWAYS,
        _AHEAD,
        wide=radius,
        deep=radius,
        rest=rest,
        part=parts.BAG,
        paint=wear.BAG,
        scale=ribs,
    )
