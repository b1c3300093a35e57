"""The figure of one person at one moment: body, clothes, hair, shoes and bag as one mesh."""

from __future__ import annotations

import numpy as np

from agreid_cli.synth import parts
from agreid_cli.synth.body import LEFT, Limb, Pose, pose, proportions
from agreid_cli.synth.look import Look
from agreid_cli.synth.mesh import Lofts, Mesh

#: Numbers of the paints, see paint.py.
SKIN, HEAD, HAIR, UPPER, LOWER, SHOE, BAG, HEADWEAR, NECK, SLEEVE, LEG, INNER = range(12)

_LEFT, _FRONT = np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])


def figure(look: Look, phase: float, speed: float) -> Mesh:
    """The mesh in the person's own frame (x ahead, y left, z up, metres)."""
    size, now, lofts = proportions(look), pose(look, phase, speed), Lofts()
    for side in (0, 1):
        leg(lofts, look, now.legs[side], side, size)
        foot(lofts, look, now, side, size)
        arm(lofts, look, now.arms[side], side, size)
    trunk(lofts, look, now, size)
    head(lofts, look, now, size)
    return lofts.mesh()


def along(limb: Limb, t: np.ndarray, *, split: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres, left and front axes (n, 3) at t (n,) of the way from top to bottom; the joint at `split`."""
    upper, lower = limb.middle - limb.top, limb.bottom - limb.middle
    s = t[:, None]
    centres = np.where(
        s < split, limb.top + upper * (s / split), limb.middle + lower * ((s - split) / (1 - split))
    )
    blend = np.clip((s - split) / 0.16 + 0.5, 0, 1)
    front = limb.front_upper * (1 - blend) + limb.front_lower * blend
    front /= np.sqrt((front * front).sum(1, keepdims=True))
    axis = upper / np.linalg.norm(upper) * (1 - blend) + lower / np.linalg.norm(lower) * blend
    left = np.cross(front, axis)
    left /= np.sqrt((left * left).sum(1, keepdims=True))
    front = np.cross(axis, left)
    return centres, left, front / np.sqrt((front * front).sum(1, keepdims=True))


def leg(lofts: Lofts, look: Look, limb: Limb, side: int, size: dict[str, float]) -> None:
    t = np.array([1.0, 0.93, 0.82, 0.7, 0.6, 0.5, 0.4, 0.28, 0.14, 0.0, -0.1])
    radius = np.array([0.02, 0.021, 0.028, 0.034, 0.033, 0.032, 0.037, 0.044, 0.05, 0.053, 0.03]) * size["H"]
    radius = radius * look.girth**0.7
    centres, left, front = along(limb, t)
    rest = np.zeros((len(t), 3))
    rest[:, 1] = 0
    rest[:, 0] = size["hip_half"] * (1 if side == LEFT else -1)
    rest[:, 2] = (1 - t) * (size["thigh"] + size["shin"]) + size["ankle"]
    lofts.add(
        centres, left, front, wide=radius + 0.008, deep=radius + 0.008, rest=rest, part=parts.LEGS, paint=LEG
    )


def foot(lofts: Lofts, look: Look, now: Pose, side: int, size: dict[str, float]) -> None:
    pitch, ankle = now.foot_pitch[side], now.legs[side].bottom
    front = np.array([np.cos(pitch), 0, np.sin(pitch)])
    up = np.array([-np.sin(pitch), 0, np.cos(pitch)])
    length, high = size["foot"], size["ankle"]
    z = np.array([0.0, 0.02, 0.35, 0.6, 0.9, 1.25]) * high
    reach = np.array([0.5, 0.66, 0.66, 0.5, 0.2, 0.14]) * length
    behind = np.array([0.25, 0.27, 0.27, 0.25, 0.22, 0.18]) * length
    wide = np.array([0.02, 0.028, 0.03, 0.027, 0.024, 0.022]) * size["H"]
    centres = ankle + (z - high)[:, None] * up
    rest = np.zeros((len(z), 3))
    rest[:, 2] = z
    lofts.add(
        centres,
        _LEFT,
        front,
        wide=wide,
        deep=reach,
        back=behind,
        square=0.8,
        rest=rest,
        part=parts.FEET,
        paint=SHOE,
    )


def arm(lofts: Lofts, look: Look, limb: Limb, side: int, size: dict[str, float]) -> None:
    t = np.array([1.0, 0.85, 0.7, 0.55, 0.4, 0.2, 0.05, -0.04, -0.1])
    radius = (
        np.array([0.017, 0.02, 0.024, 0.025, 0.027, 0.03, 0.032, 0.026, 0.006]) * size["H"] * look.girth**0.5
    )
    centres, left, front = along(limb, t)
    rest = np.zeros((len(t), 3))
    rest[:, 0] = size["shoulder_half"] * (1 if side == LEFT else -1)
    rest[:, 2] = 0.8 * size["H"] - t * (size["upper_arm"] + size["forearm"])
    lofts.add(centres, left, front, wide=radius, deep=radius, rest=rest, part=parts.ARMS, paint=SLEEVE)
    t = np.array([1.3, 1.28, 1.2, 1.1, 1.0, 0.97])
    centres, left, front = along(limb, t)
    rest = np.zeros((len(t), 3))
    rest[:, 2] = 0.5 * size["H"]
    wide = np.array([0.002, 0.008, 0.013, 0.014, 0.013, 0.012]) * size["H"]
    lofts.add(centres, left, front, wide=wide, deep=wide * 1.7, rest=rest, part=parts.HANDS, paint=SKIN)


def trunk(lofts: Lofts, look: Look, now: Pose, size: dict[str, float]) -> None:
    H = size["H"]
    up = np.array([-0.03, 0.0, 0.04, 0.1, 0.16, 0.21, 0.255, 0.283, 0.3, 0.315, 0.345])
    wide = np.array([0.085, 0.097, 0.095, 0.086, 0.088, 0.096, 0.104, 0.1, 0.07, 0.04, 0.033])
    deep = np.array([0.05, 0.064, 0.064, 0.06, 0.066, 0.07, 0.06, 0.05, 0.04, 0.034, 0.031])
    wide, deep = wide * H * look.girth**0.7, deep * H * look.girth
    centres, rest = np.zeros((len(up), 3)), np.zeros((len(up), 3))
    centres[:, 0] = np.sin(now.lean) * up * H
    centres[:, 2] = now.hip_z + np.cos(now.lean) * up * H
    rest[:, 2] = (0.53 + up) * H
    turn = now.twist * np.clip(up / 0.28, 0, 1)
    left = np.stack([-np.sin(turn), np.cos(turn), 0 * turn], 1)
    front = np.stack([np.cos(turn), np.sin(turn), 0 * turn], 1)
    lofts.add(
        centres, left, front, wide=wide, deep=deep, square=0.85, rest=rest, part=parts.TORSO, paint=UPPER
    )


def head(lofts: Lofts, look: Look, now: Pose, size: dict[str, float]) -> None:
    H, high = size["H"], size["head"]
    base = np.array([np.sin(now.lean) * 0.34 * H + 0.01 * H, 0.0, now.hip_z + 0.345 * H])
    z = np.array([-0.35, 0.0, 0.03, 0.15, 0.3, 0.45, 0.6, 0.75, 0.88, 0.97, 1.0])
    wide = np.array([0.2, 0.12, 0.18, 0.25, 0.3, 0.33, 0.345, 0.33, 0.26, 0.13, 0.01])
    centres = base + (z * high)[:, None] * np.array([0, 0, 1.0])
    rest = np.zeros((len(z), 3))
    rest[:, 2] = z
    for paint, part, grow, first in ((HEAD, parts.HEAD, 1.0, 0), (HAIR, parts.HAIR, 1.08, 5)):
        around = wide[first:] * high
        lofts.add(
            centres[first:], _LEFT, _FRONT, wide=around * grow, deep=around * 1.2 * (2 - grow),
            back=around * 1.25 * grow, rest=rest[first:], part=part, paint=paint,
        )  # fmt: skip
