"""The face: eyes, brows, mouth, beard, moustache, glasses. Positions are fractions of the head height."""

from __future__ import annotations

import numpy as np

from agreid_cli.synth.draw.light import linear
from agreid_cli.synth.draw.noise import noise
from agreid_cli.synth.people import head, parts
from agreid_cli.synth.people.body import proportions
from agreid_cli.synth.people.look import Look


def painted(look: Look, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Albedo (k, 3) and part (k,) at positions (k, 3) on the head."""
    places = rest / proportions(look)["head"]
    x, y, z = places[:, 0], places[:, 1] - 0.15, places[:, 2]
    wide = np.abs(x)
    skin, hair = linear(look.skin), linear(look.hair)
    albedo = np.broadcast_to(skin, (len(x), 3)) * (1 + 0.04 * noise(rest, 90))[:, None]
    part = np.full(len(x), parts.HEAD, np.uint8)
    front = y > 0.02
    part[(z < 0.34) & (y > -0.08)] = parts.JAW
    part[(z > 0.43) & (z < 0.61) & (y > -0.06)] = parts.EYES
    albedo[front & (wide > 0.1) & (wide < 0.24) & (z > 0.26) & (z < 0.42)] *= [1.06, 0.97, 0.95]  # cheeks
    if look.lines:
        _lines(look, albedo, wide, z, front)
    lips = front & (wide < 0.105) & (np.abs(z - 0.205) < 0.026)
    albedo[lips] = skin * ([0.85, 0.45, 0.45] if look.female else [0.8, 0.6, 0.6])
    albedo[front & (wide < 0.09) & (np.abs(z - 0.205) < 0.006)] *= 0.5
    socket = front & ((wide - 0.13) ** 2 / 0.085**2 + (z - 0.505) ** 2 / 0.05**2 < 1)
    albedo[socket] *= 0.72
    eye = front & ((wide - 0.13) ** 2 / 0.055**2 + (z - 0.5) ** 2 / 0.024**2 < 1)
    albedo[eye] = 0.55
    albedo[eye & (np.abs(wide - 0.13) < 0.026)] = 0.015
    brow = front & (np.abs(z - 0.58 + 0.25 * (wide - 0.13) ** 2) < 0.017) & (wide > 0.055) & (wide < 0.215)
    albedo[brow] = 0.35 * skin * 0.4 + 0.65 * np.minimum(hair, 0.12)
    shaved = head.style(look) != "bald" and not look.female
    _beard(look, albedo, x, y, z, np.minimum(hair, 0.5), stubble=shaved and look.vary[4] > 0.5)
    _glasses(look, albedo, x, y, z)
    return albedo, part


def _lines(look: Look, albedo: np.ndarray, wide: np.ndarray, z: np.ndarray, front: np.ndarray) -> None:
    """Wrinkles: across the forehead, beside the mouth, under the eyes."""
    forehead = front & (wide < 0.2) & (np.abs((z - 0.66) % 0.05 - 0.025) < 0.006) & (z > 0.64) & (z < 0.78)
    cheek = front & (np.abs(wide - 0.085 - 0.45 * (0.36 - z)) < 0.012) & (z > 0.17) & (z < 0.37)
    under = front & (np.abs(z - 0.44 - 0.6 * (wide - 0.13) ** 2) < 0.012) & (wide > 0.06) & (wide < 0.2)
    albedo[forehead | cheek | under] *= 1 - 0.45 * look.lines


def _beard(
    look: Look,
    albedo: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
    hair: np.ndarray,
    *,
    stubble: bool,
) -> None:
    wide = np.abs(x)
    mouth = (wide < 0.1) & (np.abs(z - 0.205) < 0.03)
    jaw = (z < 0.14 + 1.15 * np.clip(wide - 0.06, 0, 0.3)) & (z < 0.46) & (y > -0.12) & ~mouth
    lip = (y > 0.05) & (wide < 0.125) & (z > 0.228 + 0.0 * wide) & (z < 0.287 - 0.25 * wide + 0.02)
    around = (y > 0.05) & (wide > 0.1) & (wide < 0.15) & (z > 0.1) & (z < 0.26)
    if look.labels["beard"] == "on":
        albedo[jaw] = 0.12 * albedo[jaw] + 0.88 * hair
        if look.labels["moustache"] == "on":
            albedo[around] = 0.2 * albedo[around] + 0.8 * hair
    elif stubble:
        albedo[jaw] = 0.84 * albedo[jaw] + 0.16 * np.minimum(hair, 0.05)
    if look.labels["moustache"] == "on":
        albedo[lip] = 0.12 * albedo[lip] + 0.88 * hair


def _glasses(look: Look, albedo: np.ndarray, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> None:
    kind, wide, front = look.labels["glasses"], np.abs(x), y > 0.0
    if kind not in {"normal", "sun"}:
        return
    large = 1.15 if kind == "sun" else 1.0
    out = ((wide - 0.135) / (0.105 * large)) ** 4 + ((z - 0.495) / (0.07 * large)) ** 4
    temple = (wide > 0.2) & (np.abs(z - 0.52) < 0.016) & (y > -0.2)
    bridge = front & (wide < 0.05) & (np.abs(z - 0.52) < 0.014)
    dark = np.minimum(linear(look.accent) * 0.4, 0.05)
    if kind == "sun":
        albedo[front & (out < 1)] = 0.012
    else:
        albedo[front & (out < 1) & (out > 0.38)] = dark
    albedo[temple | bridge] = dark
