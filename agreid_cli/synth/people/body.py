"""Standing and walking poses: joints in the person's own frame, x forward, y left, z up, metres.

The gait follows the textbook (Perry, Gait Analysis): the hip swings like a cosine, the knee flexes a little
under load and far in the swing phase, the heel lifts before the toe leaves the ground.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agreid_cli.synth.people.look import Look

LEFT, RIGHT = 0, 1


@dataclass(frozen=True, eq=False)
class Limb:
    """Two bones between three joints; front_* is the front direction of each, a unit vector."""

    top: np.ndarray
    middle: np.ndarray
    bottom: np.ndarray
    front_upper: np.ndarray
    front_lower: np.ndarray


@dataclass(frozen=True, eq=False)
class Pose:
    """Joints at one moment. Angles in radians."""

    legs: tuple[Limb, Limb]  # hip, knee, ankle
    arms: tuple[Limb, Limb]  # shoulder, elbow, wrist
    foot_pitch: tuple[float, float]  # positive: toes up
    hip_z: float
    lean: float  # of the trunk, forward
    twist: float  # of the shoulders relative to the hips, to the left
    head_yaw: float
    stature: float  # metres


def _bump(phase: float, at: float, width: float) -> float:
    away = (phase - at + 0.5) % 1.0 - 0.5
    return float(np.exp(-0.5 * (away / width) ** 2))


def _down(flex: float, spread: float) -> np.ndarray:
    """Straight down, rotated forward by `flex` and to the left by `spread`."""
    return np.array([np.sin(flex) * np.cos(spread), np.sin(spread), -np.cos(flex) * np.cos(spread)])


def _front(flex: float) -> np.ndarray:
    """The front direction of a bone that is rotated forward by `flex`."""
    return np.array([np.cos(flex), 0.0, np.sin(flex)])


def proportions(look: Look) -> dict[str, float]:
    """Lengths in metres of the parts needed by both pose and clothes."""
    H = look.height_m
    head = (0.165 if look.child else 0.133) * H
    wide = look.girth**0.5
    return {
        "H": H,
        "head": head,
        "thigh": 0.243 * H,
        "shin": 0.243 * H,
        "ankle": 0.042 * H,
        "hip_half": 0.05 * H * (1.06 if look.female else 1.0) * look.girth**0.4,
        "shoulder_half": (0.101 if look.female else 0.113) * H * wide**0.6 * (0.94 if look.child else 1.0),
        "shoulder_z": 0.285 * H - (0.03 * H if look.child else 0.0),  # above the hips
        "upper_arm": 0.17 * H,
        "forearm": 0.15 * H,
        "hand": 0.1 * H,
        "foot": 0.15 * H,
    }


def pose(look: Look, phase: float, speed: float) -> Pose:
    """The joints at `phase` of the stride (0..1, 0: left heel strike) at `speed` m/s; 0 is standing."""
    size = proportions(look)
    stride = float(np.clip(speed / 1.35, 0.0, 1.5)) ** 0.7
    rest = look.vary
    legs, feet, lowest = [], [], []
    for side in (LEFT, RIGHT):
        at = (phase + 0.5 * side) % 1.0
        sign = 1.0 if side == LEFT else -1.0
        flex = np.radians(5 + 23 * np.cos(2 * np.pi * at)) * stride
        knee = np.radians(4 + (13 * _bump(at, 0.14, 0.07) + 54 * _bump(at, 0.73, 0.1)) * stride)
        foot = (
            np.radians(19 * _bump(at, 0.0, 0.05) - 40 * _bump(at, 0.61, 0.085) - 8 * _bump(at, 0.8, 0.1))
            * stride
        )
        spread = sign * np.radians(1.5 + 3 * (1 - min(stride, 1.0)) * rest[0])
        hip = np.array([0.0, sign * size["hip_half"], 0.0])
        upper, lower = _down(flex, spread), _down(flex - knee, spread)
        middle = hip + size["thigh"] * upper
        bottom = middle + size["shin"] * lower
        legs.append((hip, middle, bottom, _front(flex), _front(flex - knee)))
        feet.append(float(foot))
        ahead, up = np.array([np.cos(foot), np.sin(foot)]), np.array([-np.sin(foot), np.cos(foot)])
        sole = [
            bottom[2] + ahead[1] * reach - up[1] * size["ankle"]
            for reach in (-0.3 * size["foot"], 0.5 * size["foot"])
        ]
        lowest.append(min(sole))
    hip_z = -min(lowest)
    lift = np.array([0.0, 0.0, hip_z])
    lean = np.radians(1.0 + 2.5 * stride + (7.0 if look.old else 0.0) + 2 * rest[1])
    twist = np.radians(-6.0 * np.cos(2 * np.pi * phase)) * stride
    arms = tuple(_arm(look, side, phase, stride, size, hip_z, lean, twist) for side in (LEFT, RIGHT))
    return Pose(
        legs=tuple(Limb(a + lift, b + lift, c + lift, u, v) for a, b, c, u, v in legs),  # type: ignore[arg-type]
        arms=arms,  # type: ignore[arg-type]
        foot_pitch=(feet[0], feet[1]),
        hip_z=float(hip_z),
        lean=float(lean),
        twist=float(twist),
        head_yaw=float((rest[2] - 0.5) * 0.7),
        stature=look.height_m,
    )


def _arm(
    look: Look,
    side: int,
    phase: float,
    stride: float,
    size: dict[str, float],
    hip_z: float,
    lean: float,
    twist: float,
) -> Limb:
    sign = 1.0 if side == LEFT else -1.0
    swing = np.cos(
        2 * np.pi * ((phase + 0.5 * side) % 1.0)
    )  # the leg of this side is forward: the arm is back
    flex = np.radians(3 - (12 + 12 * look.vary[3]) * swing * stride)
    elbow = np.radians(12 + 14 * look.vary[4] * stride - 9 * swing * stride)
    spread = sign * np.radians(5 + 9 * max(look.girth - 0.9, 0.0) * 2)
    mine = (side == LEFT) == (look.side > 0)
    bag = look.labels["bag"]
    if mine and bag == "umbrella":
        flex, elbow, spread = np.radians(18), np.radians(112), -sign * np.radians(4)
    elif mine and bag == "rolling":
        flex, elbow, spread = np.radians(-28), np.radians(6), sign * np.radians(9)
    elif mine and bag in {"market", "handbag"} and look.vary[5] < 0.6:
        flex, elbow, spread = flex * 0.35, np.radians(8), sign * np.radians(9)
    elif mine and bag == "handbag":
        flex, elbow = np.radians(4), np.radians(88)
    elif mine and bag == "nothing" and stride < 0.4 and look.vary[6] < 0.35:  # looking at a phone
        flex, elbow = np.radians(12), np.radians(105)
    half, up = size["shoulder_half"], size["shoulder_z"] - 0.017 * size["H"]
    shoulder = np.array(
        [
            up * np.sin(lean) - sign * half * np.sin(twist),
            sign * half * np.cos(twist),
            hip_z + up * np.cos(lean),
        ]
    )
    upper = _down(flex, spread)
    lower = _down(flex + elbow, spread * 0.3)
    middle = shoulder + size["upper_arm"] * upper
    return Limb(shoulder, middle, middle + size["forearm"] * lower, _front(flex), _front(flex + elbow))
