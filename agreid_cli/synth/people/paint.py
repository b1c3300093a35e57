"""The colour at every point of a person: skin, face, hair, cloth with patterns, shoes, bags.

Everything is a function of the rest position (metres to the left, forward, up), so that a pattern stays on
its garment as the body moves. Input and output colours are linear (red, green, blue).
"""

from __future__ import annotations

import numpy as np

from agreid_cli.synth.draw.light import linear
from agreid_cli.synth.draw.noise import noise
from agreid_cli.synth.people import face, parts, wear
from agreid_cli.synth.people.look import Look
from agreid_cli.synth.people.palette import Fabric

_METAL = np.array([0.18, 0.18, 0.19])


def painted(
    look: Look, paint: np.ndarray, part: np.ndarray, rest: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Albedo float64 (k, 3) and part uint8 (k,) at k samples; part and paint as in the mesh."""
    albedo = np.empty((len(paint), 3))
    part = part.copy()
    for number, brush in _BRUSHES.items():
        here = np.flatnonzero(paint == number)
        if len(here):
            albedo[here], part[here] = brush(look, rest[here], part[here])
    return albedo, part


def _skin(look: Look, rest: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return linear(look.skin) * (1 + 0.05 * noise(rest, 60))[:, None], part


def _face(look: Look, rest: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return face.painted(look, rest)


def _hair(look: Look, rest: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    strands = noise(rest, (160, 160, 22), int(look.vary[0] * 1000))
    return linear(look.hair) * (1 + 0.35 * strands)[:, None] + 0.004 * np.maximum(strands, 0)[:, None], part


def _upper(look: Look, rest: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if look.labels["upper"] in {"naked", "bikini"}:
        albedo, part = _skin(look, rest, part)
        z = rest[:, 2] / look.height_m
        if look.labels["upper"] == "bikini":
            albedo[(z > 0.695) & (z < 0.745)] = linear(look.upper.colour)
    else:
        albedo = _cloth(look.upper, rest, look, sleeve=part == parts.ARMS)
        trunk = part != parts.ARMS
        _tailored(look, rest, albedo, trunk)
    _straps(look, rest, albedo, part)
    return albedo, part


def _lower(look: Look, rest: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    albedo = _cloth(look.lower, rest, look)
    z = rest[:, 2] / look.height_m
    if look.labels["lower"] in {"jeans", "pants", "shorts", "suit", "uniform"}:
        albedo[(z > 0.575) & (z < 0.6)] *= 0.45  # belt
    return albedo, part


def _tights(look: Look, rest: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    dark = 0.012 + 0.3 * linear(look.skin) * (look.vary[5] < 0.5)
    return np.broadcast_to(dark, rest.shape) * (1 + 0.05 * noise(rest, 60))[:, None], part


def _shoe(look: Look, rest: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    kind, z, y = look.labels["feet"], rest[:, 2], rest[:, 1]
    if kind == "nothing":
        return _skin(look, rest, part)
    albedo = np.broadcast_to(linear(look.shoes), (len(z), 3)).copy()
    albedo *= (1 + 0.12 * noise(rest, 70, 5))[:, None]
    sole = z < (0.024 if kind in {"sportshoe", "unknown"} else 0.012)
    albedo[sole] = linear(look.soles)
    if kind == "sandals":
        bare = ~sole & ~((np.abs(y - 0.06) < 0.016) | (np.abs(y + 0.02) < 0.012) | (np.abs(y - 0.015) < 0.01))
        albedo[bare] = linear(look.skin)
    elif kind in {"sportshoe", "unknown"}:
        stripe = (np.abs(y - 0.02 - 0.6 * (z - 0.05)) < 0.012) & ~sole
        albedo[stripe] = linear(look.soles) * 0.9
        albedo[z > 0.085] = linear(look.socks)
    elif kind == "highheels":
        albedo[(z > 0.03) & (y > -0.02) & (y < 0.075)] = linear(look.skin)
    elif kind == "classicshoe":
        albedo[z > 0.08] = linear(look.socks)
    return albedo, part


def _bag(look: Look, rest: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    albedo = _cloth(look.bag, rest, look)
    kind, z, y, x = look.labels["bag"], rest[:, 2], rest[:, 1], rest[:, 0]
    if kind == "backpack":
        H = look.height_m
        seam = (np.abs(z - 0.15 * H) < 0.005) | ((np.abs(z - 0.075 * H) < 0.004) & (np.abs(x) < 0.06 * H))
        albedo[seam & (y < -0.1)] *= 0.4
        if look.vary[6] < 0.5:
            albedo[(z < 0.145 * H) & (y < -0.12) & (np.abs(x) < 0.055 * H)] = linear(look.bag.second)
    elif kind == "market":
        logo = (np.abs(z) < 0.05) & (np.abs(y) < 0.06)
        albedo[logo] = linear(look.bag.second)
    elif kind in {"sportif", "rolling", "normal"}:
        albedo[np.abs(np.abs(z) - 0.09) < 0.012] = linear(look.bag.second) * 0.7
    elif kind == "umbrella" and look.vary[6] < 0.4:
        albedo[np.floor(np.arctan2(x, y) / (np.pi / 4)) % 2 == 0] = linear(look.bag.second)
    return albedo, part


def _headwear(look: Look, rest: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    albedo = _cloth(look.headwear, rest, look)
    if look.labels["head"] == "scarf" and look.vary[6] < 0.5:
        albedo[np.floor(rest[:, 2] / 0.035) % 2 == 0] = linear(look.headwear.second)
    return albedo, part


def _metal(look: Look, rest: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.broadcast_to(_METAL, rest.shape).copy(), part


_BRUSHES = {
    wear.SKIN: _skin, wear.FACE: _face, wear.HAIR: _hair, wear.UPPER: _upper, wear.LOWER: _lower,
    wear.SHOE: _shoe, wear.BAG: _bag, wear.HEADWEAR: _headwear, wear.METAL: _metal, wear.TIGHTS: _tights,
}  # fmt: skip


def _cloth(fabric: Fabric, rest: np.ndarray, look: Look, *, sleeve: np.ndarray | None = None) -> np.ndarray:
    """Cloth with folds and pattern."""
    colour, second = linear(fabric.colour), linear(fabric.second)
    x, y, z = rest[:, 0], rest[:, 1], rest[:, 2]
    folds = 1 + 0.16 * noise(rest, (22, 22, 9), fabric.seed) + 0.07 * noise(rest, 75, fabric.seed + 1)
    albedo = np.broadcast_to(colour, (len(rest), 3)).copy()
    pattern, scale, H = fabric.pattern, fabric.scale_m, look.height_m
    if pattern == "stripes":
        albedo[np.floor(z / scale) % 2 == 0] = second
    elif pattern == "check":
        lines = (np.floor(z / scale) % 2 == 0).astype(float) + (np.floor(x / scale) % 2 == 0)
        albedo += (second - colour) * (lines / 2)[:, None]
    elif pattern == "dots":
        near = ((x / scale) % 1 - 0.5) ** 2 + ((z / scale) % 1 - 0.5) ** 2
        albedo[near < 0.06] = second
    elif pattern == "block":
        albedo[z > (0.70 if sleeve is None else 0.72) * H] = second
    elif pattern == "print":
        cells = noise(rest * [1, 0, 1], (38, 1, 38), fabric.seed) + 0.25
        logo = (y > 0) & (np.abs(x) < 0.055 * H) & (z > 0.68 * H) & (z < 0.765 * H) & (cells > 0)
        if sleeve is not None:
            logo &= ~sleeve
        albedo[logo] = second
    elif pattern == "knit":
        folds = folds + 0.10 * noise(rest, (30, 30, 140), fabric.seed)
    elif pattern == "denim":
        worn = np.clip(0.5 + 0.9 * noise(rest, (14, 14, 6), fabric.seed), 0, 1) * np.exp(
            -(((z / H - 0.38) / 0.11) ** 2)
        )
        albedo += (second - colour) * worn[:, None] * 0.75
        folds = folds + 0.09 * noise(rest, (150, 150, 60), fabric.seed)
    elif pattern == "hivis":
        bands = (np.abs(z / H - 0.60) < 0.012) | (np.abs(z / H - 0.68) < 0.012)
        bands |= (np.abs(np.abs(x) - 0.06 * H) < 0.013 * H) & (z > 0.68 * H)
        albedo[bands] = [0.62, 0.63, 0.62]
    return albedo * folds[:, None]


def _tailored(look: Look, rest: np.ndarray, albedo: np.ndarray, trunk: np.ndarray) -> None:
    """Collars, lapels, zips, buttons and the opening of the front; positions are fractions of the stature."""
    H, kind = look.height_m, look.labels["upper"]
    x, y, z = rest[:, 0] / H, rest[:, 1], rest[:, 2] / H
    front = trunk & (y > 0)
    wide, skin, inner = np.abs(x), linear(look.skin), linear(look.inner.colour)
    if kind in {"suit", "coat"}:
        depth = 0.665 if kind == "suit" else 0.73
        opening = np.clip(z - depth, 0, None) * 0.3
        albedo[front & (wide < opening + 0.018) & (z > depth)] *= 0.6
        albedo[front & (wide < opening) & (z > depth)] = inner
        if kind == "suit" and not look.female:
            albedo[front & (wide < 0.012) & (z > depth) & (z < 0.85)] = linear(look.accent)
        albedo[front & (wide < 0.003) & (z < depth)] *= 0.4
        albedo[front & (wide < 0.007) & (np.abs((z - 0.5) % 0.06 - 0.03) < 0.005) & (z < depth)] = 0.01
    elif kind == "cardiga":
        albedo[front & (wide < 0.022 + 0.02 * np.clip(0.75 - z, 0, 1))] = inner
    elif kind == "shirt":
        albedo[front & (wide < 0.0035)] *= 0.72
        albedo[front & (wide < 0.5 * (z - 0.80))] = skin
        albedo[trunk & (z > 0.825) & (wide > 0.5 * (z - 0.80))] *= 1.12
    elif kind == "hoodie":
        pocket = front & (z > 0.545) & (z < 0.615) & (wide < 0.075 - 0.3 * (z - 0.545))
        albedo[pocket] *= 0.86
        if look.vary[3] < 0.45:
            albedo[front & (wide < 0.004)] = 0.25 * albedo[front & (wide < 0.004)] + 0.1
        albedo[front & (np.abs(wide - 0.014) < 0.003) & (z > 0.73) & (z < 0.82)] = 0.6
    elif kind == "blouse":
        albedo[front & (wide < 0.45 * (z - 0.765))] = skin
    elif kind == "dress":
        albedo[front & (x**2 / 0.055**2 + (z - 0.85) ** 2 / 0.06**2 < 1)] = skin
        if look.vary[3] < 0.5:
            albedo[trunk & (z > 0.605) & (z < 0.625)] = linear(look.upper.second) * 0.7
    elif kind in {"tshirt", "unknown"}:
        albedo[front & (x**2 / 0.04**2 + (z - 0.855) ** 2 / 0.032**2 < 1)] = skin
    elif kind == "uniform" and look.vary[3] < 0.5:
        albedo[front & (np.abs(x - 0.045 * look.side) < 0.014) & (np.abs(z - 0.75) < 0.008)] = 0.5


def _straps(look: Look, rest: np.ndarray, albedo: np.ndarray, part: np.ndarray) -> None:
    """Straps of backpacks and shoulder bags, and necklaces, which are on the torso."""
    kind, H = look.labels["bag"], look.height_m
    x, y, z = rest[:, 0] / H, rest[:, 1], rest[:, 2] / H
    trunk = part == parts.TORSO
    if kind == "backpack":
        strap = trunk & (np.abs(np.abs(x) - 0.062) < 0.0135) & (z > 0.655) & ((y > 0) | (z > 0.8))
    elif kind in {"normal", "sportif"}:
        ahead = np.where(y > 0, 1.0, 1.0)
        strap = trunk & (np.abs(x * look.side * 0.9 + (z - 0.70) * 0.55 * ahead) < 0.0105) & (z > 0.52)
    else:
        strap = np.zeros(len(z), bool)
    albedo[strap] = linear(look.bag.colour)
    part[strap] = parts.BAG
    if look.labels["head"] == "neckless":
        round_neck = np.sqrt(x**2 + (z - 0.85) ** 2)
        chain = trunk & (y > 0) & (np.abs(round_neck - 0.05) < 0.006)
        albedo[chain] = [0.62, 0.45, 0.12]
        part[chain] = parts.HEADWEAR
