"""Legs, feet, arms and hands, bare or clothed."""

from __future__ import annotations

import numpy as np

from agreid_cli.synth.draw.mesh import Lofts, cross
from agreid_cli.synth.people import parts, wear
from agreid_cli.synth.people.body import LEFT, Limb, Pose
from agreid_cli.synth.people.look import Look

SIDEWAYS = np.array([0.0, 1.0, 0.0])

#: Down the leg, 0 hip … 0.5 knee … 1 ankle: radius as a fraction of the stature.
_LEG_T = np.array([-0.1, 0.0, 0.14, 0.28, 0.4, 0.5, 0.6, 0.7, 0.82, 0.93, 1.05])
_LEG = np.array([0.018, 0.045, 0.049, 0.043, 0.036, 0.031, 0.032, 0.033, 0.027, 0.0205, 0.02])
#: Down the arm, 0 shoulder … 0.53 elbow … 1 wrist.
_ARM_T = np.array([-0.055, -0.025, 0.07, 0.22, 0.4, 0.53, 0.65, 0.8, 0.92, 1.0])
_ARM = np.array([0.0005, 0.0185, 0.029, 0.0285, 0.0255, 0.0235, 0.024, 0.021, 0.017, 0.0155])


def along(limb: Limb, t: np.ndarray, *, split: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres, left and front axes (n, 3) at fractions t (n,) of the limb; the middle joint is at `split`."""
    upper, lower = limb.middle - limb.top, limb.bottom - limb.middle
    s = t[:, None]
    near, far = limb.top + upper * (s / split), limb.middle + lower * ((s - split) / (1 - split))
    centres = np.where(s < split, near, far)
    blend = np.clip((s - split) / 0.2 + 0.5, 0, 1)
    front = limb.front_upper * (1 - blend) + limb.front_lower * blend
    axis = -_unit(upper) * (1 - blend) - _unit(lower) * blend
    left = _units(cross(axis, front))
    return centres, left, _units(cross(left, axis))


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.sqrt((vector * vector).sum()))


def _units(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.sqrt((vectors * vectors).sum(1, keepdims=True)))


def leg_radius(look: Look, t: np.ndarray, size: dict[str, float]) -> np.ndarray:
    """Of the bare leg, metres."""
    return np.asarray(
        np.interp(t, _LEG_T, _LEG) * size["H"] * look.girth**0.75 * (0.95 if look.female else 1.0)
    )


def leg(lofts: Lofts, look: Look, now: Pose, side: int, size: dict[str, float]) -> None:
    cut, limb = wear.bottom(look), now.legs[side]
    sign = 1 if side == LEFT else -1
    covered = cut.length if not cut.skirt else 0.0
    tights = cut.skirt and look.vary[3] < 0.4
    if covered < 0.9:  # the bare leg
        t = _LEG_T[::-1]
        _limb(
            lofts,
            limb,
            t,
            leg_radius(look, t, size),
            size,
            sign * size["hip_half"],
            parts.LEGS,
            wear.TIGHTS if tights else wear.SKIN,
        )
    if covered > 0:
        t = np.unique(np.concatenate([_LEG_T[covered - 0.03 > _LEG_T], [covered - 0.02, covered]]))[::-1]
        if covered >= 0.9:
            t = t * 1.02
        radius = leg_radius(look, t, size)
        loose = cut.ankle * size["H"] * (look.girth**0.4)
        radius = np.maximum(radius + cut.ease_m, loose * np.clip((t - 0.1) / 0.35, 0, 1))
        _limb(lofts, limb, t, radius, size, sign * size["hip_half"], parts.LEGS, wear.LOWER)


def _limb(
    lofts: Lofts,
    limb: Limb,
    t: np.ndarray,
    radius: np.ndarray,
    size: dict[str, float],
    aside: float,
    part: int,
    paint: int,
) -> None:
    centres, left, front = along(limb, t)
    rest = np.zeros((len(t), 3))
    rest[:, 0] = aside
    rest[:, 2] = (1 - t) * (size["thigh"] + size["shin"]) + size["ankle"]
    calf = 1 + 0.22 * np.exp(-(((t - 0.66) / 0.1) ** 2)) + 0.12 * np.exp(-(((t - 0.05) / 0.15) ** 2))
    lofts.add(
        centres, left, front, wide=radius, deep=radius, back=radius * calf, rest=rest, part=part, paint=paint
    )


def foot(lofts: Lofts, look: Look, now: Pose, side: int, size: dict[str, float]) -> None:
    kind = look.labels["feet"]
    pitch, ankle, H = now.foot_pitch[side], now.legs[side].bottom, size["H"]
    heel = 0.03 * H if kind == "highheels" else 0.0
    pitch -= heel / (0.75 * size["foot"]) * 0.8
    front = np.array([np.cos(pitch), 0, np.sin(pitch)])
    up = np.array([-np.sin(pitch), 0, np.cos(pitch)])
    length, high = size["foot"], size["ankle"]
    bulk = {"sportshoe": 1.1, "boots": 1.12, "highheels": 0.85, "nothing": 0.85, "sandals": 0.95}.get(
        kind, 1.0
    )
    z = np.array([0.0, 0.03, 0.28, 0.5, 0.72, 0.95, 1.3]) * high
    reach = np.array([0.55, 0.655, 0.66, 0.6, 0.4, 0.2, 0.14]) * length
    behind = np.array([0.22, 0.265, 0.27, 0.25, 0.22, 0.2, 0.17]) * length
    wide = np.array([0.022, 0.0285, 0.03, 0.0285, 0.026, 0.023, 0.02]) * H * bulk
    centres = ankle + (z - high)[:, None] * up
    rest = np.zeros((len(z), 3))
    rest[:, 2] = z
    lofts.add(
        centres,
        SIDEWAYS,
        front,
        wide=wide,
        deep=reach * bulk**0.5,
        back=behind,
        square=0.85,
        rest=rest,
        part=parts.FEET,
        paint=wear.SHOE,
    )
    if kind == "boots":
        t = np.array([1.04, 0.95, 0.85, 0.74, 0.72 - 0.12 * look.vary[5]])
        radius = np.maximum(leg_radius(look, t, size) + 0.016, 0.03 * H)
        shaft, left, ahead = along(now.legs[side], t)
        rest = np.zeros((len(t), 3))
        rest[:, 2] = 0.1 + (1 - t) * 0.4
        lofts.add(shaft, left, ahead, wide=radius, deep=radius, rest=rest, part=parts.FEET, paint=wear.SHOE)
    elif kind == "highheels":
        spot = ankle - 0.17 * length * front
        centres = spot + np.array([-high - heel, -high - heel, -0.5 * high])[:, None] * up
        wide = np.array([0.001, 0.006, 0.012])
        rest = np.full((3, 3), 0.05)
        lofts.add(centres, SIDEWAYS, front, wide=wide, deep=wide, rest=rest, part=parts.FEET, paint=wear.SHOE)


def arm(lofts: Lofts, look: Look, now: Pose, side: int, size: dict[str, float]) -> None:
    cut, limb, H = wear.top(look), now.arms[side], size["H"]
    split = size["upper_arm"] / (size["upper_arm"] + size["forearm"])
    aside = size["shoulder_half"] * (1 if side == LEFT else -1)
    thick = H * look.girth**0.6 * (0.88 if look.female else 1.0)
    pieces = []
    if cut.sleeve < 0.95:
        pieces.append((_ARM_T[::-1], 0.0, wear.SKIN))
    if cut.sleeve > 0.0:
        t = np.unique(np.concatenate([_ARM_T[cut.sleeve - 0.03 > _ARM_T], [cut.sleeve - 0.02, cut.sleeve]]))[
            ::-1
        ]
        pieces.append((t, cut.ease_m * 0.55 + 0.004, wear.UPPER))
    for t, ease, paint in pieces:
        radius = np.interp(t, _ARM_T, _ARM) * thick + ease * np.clip((t + 0.05) / 0.1, 0, 1)
        centres, left, front = along(limb, t, split=split)
        rest = np.zeros((len(t), 3))
        rest[:, 0] = aside
        rest[:, 2] = 0.81 * H - t * (size["upper_arm"] + size["forearm"])
        lofts.add(
            centres,
            left,
            front,
            wide=radius * 0.95,
            deep=radius * 1.05,
            rest=rest,
            part=parts.ARMS,
            paint=paint,
        )
    hand = size["hand"] / (size["upper_arm"] + size["forearm"])
    t = 1.0 + hand * np.array([0.95, 0.9, 0.7, 0.45, 0.15, -0.1])
    centres, left, front = along(limb, t, split=split)
    rest = np.zeros((len(t), 3))
    rest[:, 2] = 0.4 * H
    wide = np.array([0.001, 0.006, 0.0105, 0.012, 0.0125, 0.012]) * H
    lofts.add(
        centres,
        left,
        front,
        wide=wide,
        deep=wide * np.array([1, 1.6, 1.9, 2.0, 1.5, 1.1]),
        rest=rest,
        part=parts.HANDS,
        paint=wear.SKIN,
    )
