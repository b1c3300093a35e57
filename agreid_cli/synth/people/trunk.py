"""Hips and torso with clothing: shirts, jackets, coats, skirts, dresses, a hood."""

from __future__ import annotations

import numpy as np

from agreid_cli.synth.draw.mesh import Lofts
from agreid_cli.synth.people import parts, wear
from agreid_cli.synth.people.body import Pose
from agreid_cli.synth.people.limbs import SIDEWAYS, along, leg_radius
from agreid_cli.synth.people.look import Look

#: Fractions of the stature above the hip joint, and the half sizes of a body there: sideways, front, back.
_UP = np.array([-0.09, -0.05, 0.0, 0.05, 0.09, 0.14, 0.19, 0.23, 0.262, 0.284, 0.30, 0.315, 0.33])
_MALE = np.array([
    [0.062, 0.090, 0.094, 0.088, 0.085, 0.090, 0.099, 0.106, 0.106, 0.094, 0.070, 0.047, 0.037],
    [0.045, 0.058, 0.060, 0.060, 0.061, 0.066, 0.070, 0.067, 0.056, 0.048, 0.041, 0.036, 0.034],
    [0.060, 0.072, 0.070, 0.058, 0.054, 0.060, 0.066, 0.066, 0.060, 0.052, 0.045, 0.040, 0.038],
])  # fmt: skip
_FEMALE = np.array([
    [0.066, 0.097, 0.099, 0.088, 0.075, 0.078, 0.085, 0.091, 0.092, 0.082, 0.060, 0.039, 0.031],
    [0.045, 0.056, 0.057, 0.053, 0.051, 0.060, 0.081, 0.068, 0.050, 0.042, 0.036, 0.032, 0.030],
    [0.060, 0.077, 0.075, 0.055, 0.047, 0.051, 0.057, 0.059, 0.055, 0.048, 0.040, 0.035, 0.034],
])  # fmt: skip


def body_sizes(look: Look, up: np.ndarray, size: dict[str, float]) -> np.ndarray:
    """Half sizes (3, n) in metres of the bare trunk: to the side, to the front, to the back."""
    table = _FEMALE if look.female and not look.child else _MALE
    sizes = np.stack([np.interp(up, _UP, row) for row in table]) * size["H"]
    soft = np.exp(-(((up - 0.05) / 0.09) ** 2))
    more = look.girth - 1.0
    neck = np.clip((0.315 - up) / 0.05, 0.3, 1)  # the neck grows less than the belly
    sizes[0] *= 1 + more * (0.55 + 0.35 * soft) * neck
    sizes[1] *= 1 + more * (0.5 + 1.2 * max(more, 0) ** 0.5 * soft) * neck
    sizes[2] *= 1 + more * 0.6 * neck
    return sizes


def spine(now: Pose, up: np.ndarray, size: dict[str, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres, left and front axes at heights `up` (fractions of the stature) above the hips."""
    H = size["H"]
    centres = np.zeros((len(up), 3))
    bend = np.clip(up, 0, None) * H
    centres[:, 0] = np.sin(now.lean) * bend
    centres[:, 2] = now.hip_z + np.cos(now.lean) * bend + np.minimum(up, 0) * H
    turn = now.twist * np.clip(up / 0.28, -0.4, 1)
    left = np.stack([-np.sin(turn), np.cos(turn), 0 * turn], 1)
    front = np.stack(
        [np.cos(turn) * np.cos(now.lean), np.sin(turn), -np.sin(now.lean) * np.clip(up / 0.1, 0, 1)], 1
    )
    return centres, left, front


def trunk(lofts: Lofts, look: Look, now: Pose, size: dict[str, float]) -> None:
    cut, low = wear.top(look), wear.bottom(look)
    bare = look.labels["upper"] in {"naked", "bikini"}
    hips = _UP[:5]
    sizes = body_sizes(look, hips, size) + max(low.ease_m, 0.004)
    long_top = cut.hem < -0.08
    _rings(
        lofts,
        now,
        hips,
        sizes,
        size,
        parts.LEGS,
        wear.UPPER if look.labels["upper"] == "dress" else wear.LOWER,
    )
    hem = 0.0 if long_top else 0.04 if low.skirt else cut.hem  # a shirt is tucked into a skirt
    up = np.unique(np.concatenate([[hem, hem + 0.006], _UP[hem + 0.02 < _UP]]))
    if bare:
        up = _UP[2:]
    sizes = body_sizes(look, up, size) + cut.ease_m * np.clip((0.33 - up) / 0.04, 0.2, 1.0)
    if not bare:  # the hem hangs from chest and seat
        below = up < 0.13
        widest = body_sizes(look, np.array([0.0]), size) + cut.ease_m
        stiff = look.labels["upper"] in {"coat", "hoodie", "sweater", "suit", "uniform"}
        fall = 0.75 if stiff else 0.45
        if not low.skirt:
            sizes[:, below] = np.maximum(sizes[:, below], (widest * fall + sizes * (1 - fall))[:, below])
        under = body_sizes(look, up, size) + max(low.ease_m, 0.004) + 0.007
        gap, radius = _legs(look, now, up, size)[1:]
        radius = radius + low.ease_m + 0.006
        under[0] = np.maximum(under[0], np.where(up < 0.03, gap[:, 1] + 1.08 * radius, 0))
        under[1] = np.maximum(under[1], np.where(up < 0, gap[:, 0] + radius, 0))
        under[2] = np.maximum(under[2], np.where(up < 0.03, gap[:, 0] + 1.3 * radius, 0))  # the seat
        sizes[:, below] = np.maximum(sizes, under)[:, below]
    _rings(lofts, now, up, sizes, size, parts.TORSO, wear.UPPER)
    if long_top:
        skirt(
            lofts,
            look,
            now,
            size,
            start=0.03,
            length=-cut.hem,
            ease=cut.ease_m + 0.004,
            flare=cut.flare,
            part=parts.LEGS if look.labels["upper"] == "dress" else parts.TORSO,
            paint=wear.UPPER,
        )
    if low.skirt and low.length:
        skirt(
            lofts,
            look,
            now,
            size,
            start=0.055,
            length=low.length * 0.5,
            ease=low.ease_m,
            flare=0.02 + low.ease_m,
            part=parts.LEGS,
            paint=wear.LOWER,
        )
    if look.labels["upper"] == "hoodie":
        hood(lofts, look, now, size)


def _rings(
    lofts: Lofts, now: Pose, up: np.ndarray, sizes: np.ndarray, size: dict[str, float], part: int, paint: int
) -> None:
    centres, left, front = spine(now, up, size)
    rest = np.zeros((len(up), 3))
    rest[:, 2] = (0.53 + up) * size["H"]
    lofts.add(
        centres,
        left,
        front,
        wide=sizes[0],
        deep=sizes[1],
        back=sizes[2],
        square=np.where(up < 0.06, 0.66, 0.82),
        rest=rest,
        part=part,
        paint=paint,
    )


def _legs(
    look: Look, now: Pose, up: np.ndarray, size: dict[str, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """At `up`: the midpoint between the legs (n, 3), half their distance (n, 3), the radius of a leg (n,)."""
    t = np.clip(-up / 0.486, 0, 1)
    left_leg, right_leg = (along(limb, t)[0] for limb in now.legs)
    middle, gap = (left_leg + right_leg) / 2, np.abs(left_leg - right_leg) / 2
    return middle, gap, leg_radius(look, np.maximum(t, 0.12), size)


def skirt(
    lofts: Lofts,
    look: Look,
    now: Pose,
    size: dict[str, float],
    *,
    start: float,
    length: float,
    ease: float,
    flare: float,
    part: int,
    paint: int,
) -> None:
    """Cloth around both legs, from `start` above the hips to `length` below them (fractions of stature)."""
    H = size["H"]
    up = np.linspace(-length, min(start, 0.0), 6)
    if start > 0:
        up = np.append(up, start)
    middle, gap, radius = _legs(look, now, up, size)
    fall = np.clip(-up / length, 0, 1)
    radius = radius + ease + flare * fall
    sizes = body_sizes(look, np.maximum(up, -0.05), size) + ease
    slim = np.clip((-up - 0.09) / length, 0, 1)
    wide = np.maximum(gap[:, 1] + radius, sizes[0] * (1 - 0.25 * slim) + flare * fall)
    deep = np.maximum(gap[:, 0] * 0.9 + radius, sizes[1] * (1 - 0.2 * slim) + flare * fall)
    back = np.maximum(gap[:, 0] * 0.9 + radius, sizes[2] * (1 - 0.25 * slim) + flare * fall)
    centres = middle
    centres[:, 2] = now.hip_z + up * H
    rest = np.zeros((len(up), 3))
    rest[:, 2] = (0.53 + up) * H
    pleats = 1 + 0.05 * fall[:, None] * np.cos(np.arange(17) * np.pi) * (flare > 0.04)
    lofts.add(
        centres,
        SIDEWAYS,
        np.array([1.0, 0, 0]),
        wide=wide,
        deep=deep,
        back=back,
        square=0.68,
        rest=rest,
        part=part,
        paint=paint,
        scale=pleats,
    )


def hood(lofts: Lofts, look: Look, now: Pose, size: dict[str, float]) -> None:
    """A hood lying on the back below the neck."""
    H = size["H"]
    up = np.array([0.235, 0.25, 0.28, 0.31, 0.335, 0.345])
    centres, left, front = spine(now, up, size)
    centres = centres - front * (0.030 * H)
    wide = np.array([0.01, 0.045, 0.062, 0.06, 0.048, 0.03]) * H
    back = np.array([0.015, 0.035, 0.045, 0.042, 0.034, 0.02]) * H
    rest = np.zeros((len(up), 3))
    rest[:, 1], rest[:, 2] = -0.03 * H, (0.53 + up) * H
    lofts.add(
        centres,
        left,
        front,
        wide=wide,
        deep=back * 0.6,
        back=back,
        rest=rest,
        part=parts.TORSO,
        paint=wear.UPPER,
    )
