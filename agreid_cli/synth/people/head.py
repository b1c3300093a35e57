"""Head, hair and headwear. Lengths are fractions of the head height, chin 0, crown 1."""

from __future__ import annotations

import numpy as np

from agreid_cli.synth.draw.mesh import ANGLE, Lofts, cross
from agreid_cli.synth.people import parts, wear
from agreid_cli.synth.people.body import Pose
from agreid_cli.synth.people.look import Look

_Z = np.array([0.0, 0.02, 0.08, 0.17, 0.28, 0.4, 0.52, 0.64, 0.76, 0.86, 0.93, 0.98, 1.0])
_WIDE = np.array([0.02, 0.12, 0.18, 0.235, 0.275, 0.305, 0.325, 0.335, 0.32, 0.27, 0.205, 0.11, 0.01])
_FRONT = np.array([0.02, 0.12, 0.17, 0.19, 0.2, 0.21, 0.22, 0.235, 0.225, 0.19, 0.14, 0.08, 0.01])
_BACK = np.array([0.02, 0.10, 0.15, 0.22, 0.32, 0.40, 0.45, 0.47, 0.455, 0.39, 0.30, 0.17, 0.01])
_SHIFT = np.array([0.22, 0.22, 0.21, 0.2, 0.19, 0.18, 0.17, 0.15, 0.13, 0.11, 0.08, 0.05, 0.04])


class _Frame:
    """The axes of the head; everything on the head is placed in this frame."""

    def __init__(self, now: Pose, size: dict[str, float]) -> None:
        self.high = size["head"]
        nod = now.lean * 0.4
        self.front = np.array(
            [np.cos(now.head_yaw) * np.cos(nod), np.sin(now.head_yaw) * np.cos(nod), -np.sin(nod)]
        )
        self.left = np.array([-np.sin(now.head_yaw), np.cos(now.head_yaw), 0.0])
        self.up = cross(self.front, self.left)
        reach = 0.335 * size["H"]
        self.base = np.array([np.sin(now.lean) * reach, 0.0, now.hip_z + np.cos(now.lean) * reach])
        self.base = self.base + self.up * (0.012 * size["H"])

    def rings(
        self,
        lofts: Lofts,
        z: np.ndarray,
        wide: np.ndarray,
        deep: np.ndarray,
        back: np.ndarray,
        *,
        shift: np.ndarray | float = 0.0,
        part: int,
        paint: int,
        scale: np.ndarray | None = None,
        square: float = 1.0,
        aside: np.ndarray | float = 0.0,
    ) -> None:
        n, high = len(z), self.high
        ahead = np.broadcast_to(np.asarray(shift, np.float64), (n,))
        sideways = np.broadcast_to(np.asarray(aside, np.float64), (n,))
        centres = self.base + high * (
            z[:, None] * self.up + ahead[:, None] * self.front + sideways[:, None] * self.left
        )
        rest = np.stack([sideways, ahead, z], 1) * high
        lofts.add(
            centres,
            self.left,
            self.front,
            wide=wide * high,
            deep=deep * high,
            back=back * high,
            rest=rest,
            part=part,
            paint=paint,
            scale=scale,
            square=square,
        )


def head(lofts: Lofts, look: Look, now: Pose, size: dict[str, float]) -> None:
    frame = _Frame(now, size)
    slim = 0.95 if look.female else 1.0
    thick = (0.185 if look.female else 0.22) * look.girth**0.5
    z = np.array([-0.4, -0.2, 0.0, 0.2, 0.35])
    neck = np.array([1.25, 1.02, 1.0, 1.0, 0.95]) * thick
    frame.rings(
        lofts,
        z,
        neck,
        neck,
        neck * 1.1,
        shift=np.array([-0.04, -0.02, 0.02, 0.04, 0.05]),
        part=parts.HEAD,
        paint=wear.SKIN,
    )
    full = 1 + 0.14 * (look.girth - 1) * (_Z < 0.6)
    frame.rings(
        lofts, _Z, _WIDE * slim * full, _FRONT * full, _BACK, shift=_SHIFT, part=parts.HEAD, paint=wear.FACE
    )
    nose = np.array([0.27, 0.28, 0.31, 0.4, 0.5])
    frame.rings(
        lofts,
        nose,
        np.array([0.01, 0.05, 0.055, 0.035, 0.02]),
        np.array([0.01, 0.06, 0.075, 0.04, 0.01]),
        np.full(5, 0.02),
        shift=0.375,
        part=parts.HEAD,
        paint=wear.SKIN,
    )
    for sign in (1, -1):
        ear = np.array([0.34, 0.36, 0.44, 0.52, 0.54])
        frame.rings(
            lofts,
            ear,
            np.array([0.01, 0.03, 0.04, 0.045, 0.01]),
            np.array([0.01, 0.04, 0.05, 0.05, 0.01]),
            np.array([0.01, 0.04, 0.06, 0.06, 0.01]),
            shift=0.08,
            aside=sign * 0.31 * slim,
            part=parts.HEAD,
            paint=wear.SKIN,
        )
    hair(lofts, look, frame)
    headwear(lofts, look, frame)


def style(look: Look) -> str:
    """The hair style that is drawn, with unknown replaced by a definite one."""
    known = look.labels["hairstyle"]
    if known in {"bald", "short", "medium", "long", "horsetail"}:
        return known
    return ("long" if look.vary[6] < 0.6 else "horsetail") if look.female else "short"


def _shell(
    lofts: Lofts,
    frame: _Frame,
    z: np.ndarray,
    line: np.ndarray,
    thick: float,
    top: float,
    part: int,
    paint: int,
) -> None:
    """A shell around the skull; below `line` (by angle) it goes under the skin."""
    skull = np.clip(z, 0.28, 1.0)
    grow = thick + (top - thick) * np.clip((z - 0.6) / 0.25, 0, 1)
    sizes = [np.interp(skull, _Z, row) for row in (_WIDE, _FRONT, _BACK)]
    # Above the temples the skull is roughly an ellipsoid: grown as one it stays round and closes at the
    # crown.
    crown = z > 0.64
    wide, front, back = (np.where(crown, row * (1 + grow / row.max()), row + grow) for row in sizes)
    lift = np.where(crown, (z - 0.64) * top / 0.36, 0.0)
    seen = np.clip((z[:, None] - line) / 0.07 + 0.5, 0, 1)
    ahead = np.cos(ANGLE) > 0
    under = np.where(ahead, (sizes[1] / front)[:, None], (sizes[2] / back)[:, None])
    under = np.minimum(under, (sizes[0] / wide)[:, None]) * 0.86
    under = under * np.where(
        ahead & (z[:, None] < 0.12), 0.05, 1.0
    )  # below the chin it must not touch the neck
    scale = np.minimum(under, 1) + (1 - np.minimum(under, 1)) * seen
    frame.rings(
        lofts,
        z + lift,
        wide,
        front,
        back,
        shift=np.interp(skull, _Z, _SHIFT),
        part=part,
        paint=paint,
        scale=scale,
    )


def _line(front: float, temple: float, ear: float, nape: float) -> np.ndarray:
    """The hairline, by the angle from the front."""
    away = np.abs(np.degrees(ANGLE))
    return np.interp(
        away, [0, 35, 62, 92, 108, 145, 180], [front, front - 0.02, temple, ear, ear, nape, nape]
    )


def hair(lofts: Lofts, look: Look, frame: _Frame) -> None:
    kind, body = style(look), look.vary[7]
    if kind == "bald":
        return
    up = np.array([0.0, 0.3, 0.42, 0.54, 0.64, 0.74, 0.82, 0.89, 0.95, 0.985, 1.0])
    front = 0.83 if look.old and not look.female else 0.78
    if kind == "short":
        _shell(
            lofts,
            frame,
            np.append(0.16, up[1:]),
            _line(front, 0.66, 0.5, 0.2),
            0.025 + 0.02 * body,
            0.04 + 0.07 * body,
            parts.HAIR,
            wear.HAIR,
        )
    elif kind == "horsetail":
        _shell(
            lofts,
            frame,
            np.append(0.16, up[1:]),
            _line(0.78, 0.62, 0.48, 0.18),
            0.03,
            0.05,
            parts.HAIR,
            wear.HAIR,
        )
        z = np.array([-0.75 + 0.4 * body, -0.68 + 0.4 * body, -0.2, 0.2, 0.5, 0.68, 0.76])
        thick = np.array([0.01, 0.06, 0.10, 0.12, 0.11, 0.08, 0.03])
        back = np.array([-0.5, -0.5, -0.52, -0.55, -0.52, -0.42, -0.36])
        frame.rings(lofts, z, thick, thick * 0.8, thick * 0.8, shift=back, part=parts.HAIR, paint=wear.HAIR)
    else:
        low = np.array([-0.12, 0.05, 0.18]) if kind == "medium" else np.array([-0.3, -0.1, 0.1])
        z = np.concatenate([low, up[1:]])
        _shell(
            lofts, frame, z, _line(0.79, 0.60, -1.0, -1.0), 0.06 + 0.03 * body, 0.07, parts.HAIR, wear.HAIR
        )
    if kind == "long":
        z = np.array([-1.25 + 0.5 * body, -1.15 + 0.5 * body, -0.7, -0.35, 0.0, 0.3, 0.55])
        frame.rings(
            lofts,
            z,
            np.array([0.05, 0.25, 0.36, 0.38, 0.37, 0.36, 0.2]),
            np.array([0.02, 0.06, 0.09, 0.1, 0.1, 0.1, 0.1]),
            np.array([0.02, 0.06, 0.1, 0.12, 0.14, 0.14, 0.1]),
            shift=np.array([-0.38, -0.38, -0.36, -0.32, -0.26, -0.26, -0.26]),
            part=parts.HAIR,
            paint=wear.HAIR,
        )


def hat_kind(look: Look) -> str:
    """Kind of headwear: "", cap, beanie, sunhat, scarf, hijab, neckless."""
    label = look.labels["head"]
    if label == "hat" or (label == "occluded" or look.labels["haircolor"] == "occluded"):
        return "cap" if look.vary[5] < 0.5 else "beanie" if look.vary[5] < 0.75 else "sunhat"
    if label == "scarf":
        return "hijab" if look.female and look.vary[5] < 0.6 else "scarf"
    return label if label == "neckless" else ""


def headwear(lofts: Lofts, look: Look, frame: _Frame) -> None:
    kind = hat_kind(look)
    part, paint = parts.HEADWEAR, wear.HEADWEAR
    if kind in {"cap", "beanie", "sunhat"}:
        z = np.array([0.6, 0.66, 0.74, 0.82, 0.89, 0.95, 0.985, 1.0])
        line = np.full(ANGLE.shape, 0.68 if kind != "beanie" else 0.6)
        _shell(lofts, frame, z, line, 0.085, 0.13 if kind != "beanie" else 0.17, part, paint)
    if kind == "cap":
        z = np.array([0.685, 0.69, 0.715, 0.72])
        frame.rings(
            lofts,
            z,
            np.array([0.02, 0.25, 0.25, 0.02]),
            np.array([0.02, 0.32, 0.32, 0.02]),
            np.array([0.02, 0.1, 0.1, 0.02]),
            shift=0.38,
            part=part,
            paint=paint,
            square=0.8,
        )
    elif kind == "sunhat":
        z = np.array([0.655, 0.66, 0.685, 0.73])
        brim = np.array([0.3, 0.72, 0.7, 0.36])
        frame.rings(lofts, z, brim, brim, brim, shift=0.0, part=part, paint=paint)
    elif kind == "scarf":
        z = np.array([-0.36, -0.33, -0.2, -0.06, 0.03, 0.04])
        wide = np.array([0.25, 0.42, 0.47, 0.44, 0.36, 0.24])
        frame.rings(lofts, z, wide, wide * 1.02, wide, shift=0.02, part=part, paint=paint)
        z = np.array([-1.15, -1.1, -0.7, -0.3, -0.1])
        frame.rings(
            lofts,
            z,
            np.array([0.02, 0.12, 0.12, 0.11, 0.08]),
            np.array([0.02, 0.05, 0.05, 0.06, 0.05]),
            np.full(5, 0.05),
            shift=0.42,
            aside=0.14 * look.side,
            part=part,
            paint=paint,
            square=0.7,
        )
    elif kind == "hijab":
        z = np.array([-0.3, -0.1, 0.1, 0.3, 0.45, 0.6, 0.72, 0.82, 0.9, 0.96, 1.0])
        _shell(lofts, frame, z, _line(0.82, 0.5, -1.0, -1.0), 0.11, 0.11, part, paint)
        z = np.array([-0.62, -0.6, -0.42, -0.22, -0.02, 0.06])
        wide = np.array([0.3, 0.66, 0.55, 0.42, 0.36, 0.25])
        frame.rings(lofts, z, wide, wide * 0.85, wide * 0.9, shift=0.0, part=part, paint=paint)
