"""The colours and patterns from which clothes, hair and skin are drawn.

Weights follow typical clothes on a campus: much black, grey, white and navy, some colour. Therefore two
people can look alike. Colours are sRGB (red, green, blue) in 0..1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Fabric:
    """A garment's cloth. `pattern`: plain, stripes, check, print, block, denim, knit, dots, hivis."""

    colour: Colour
    second: Colour
    pattern: str = "plain"
    scale_m: float = 0.05
    seed: int = 0


_CLOTH: dict[str, tuple[str, float]] = {
    "black": ("1c1c1f", 24), "charcoal": ("3a3b40", 9), "grey": ("808288", 9), "light grey": ("b9bbbe", 5),
    "white": ("e9e8e4", 14), "navy": ("1f2a48", 10), "blue": ("3560a8", 6), "sky": ("8fb4d8", 4),
    "red": ("a8232b", 5), "maroon": ("5e1b27", 3), "green": ("2f6b43", 3), "olive": ("5c5c38", 3),
    "teal": ("27707a", 2), "beige": ("cbb994", 4), "brown": ("6d4a32", 2), "pink": ("d99aa8", 3),
    "yellow": ("d9b43a", 2), "orange": ("cf6a2a", 1.5), "purple": ("5d3f7d", 2),
}  # fmt: skip
_DENIM = {
    "indigo": ("27334f", 32), "blue": ("48648f", 28), "light": ("8da3bf", 14), "black": ("232327", 18),
    "grey": ("6a6d74", 8),
}  # fmt: skip
_PANTS = {
    "black": ("202023", 34), "charcoal": ("3c3d42", 16), "navy": ("242d45", 14), "beige": ("b39d76", 13),
    "olive": ("5a5a3e", 8), "grey": ("83858a", 10), "brown": ("5c4433", 5),
}  # fmt: skip
_SHOES = {
    "sportshoe": {
        "white": ("e6e6e3", 38), "black": ("222224", 26), "grey": ("77797d", 12), "navy": ("2a3657", 8),
        "red": ("b03236", 6), "neon": ("b7d23c", 3), "pink": ("d9869b", 4),
    },
    "classicshoe": {"black": ("1b1a1b", 60), "brown": ("5a3a25", 30), "tan": ("96693f", 10)},
    "highheels": {"black": ("1b1a1b", 50), "red": ("9c1f2c", 20), "nude": ("c99f84", 30)},
    "boots": {"black": ("222022", 45), "brown": ("5d3d28", 30), "tan": ("a57b4e", 25)},
    "sandals": {"black": ("2a2729", 45), "brown": ("6b4a33", 40), "white": ("d8d5cf", 15)},
}  # fmt: skip
_BAG = {
    "black": ("1d1d20", 42), "grey": ("5d5f64", 14), "navy": ("26304d", 12), "red": ("93262d", 7),
    "green": ("3d5a45", 6), "brown": ("6b4a30", 8), "blue": ("3d68a5", 6), "pink": ("c98797", 5),
}  # fmt: skip
_MARKET = {"white": ("dcdad4", 40), "green": ("5f9a5b", 25), "brown": ("b08f62", 20), "blue": ("5f86b8", 15)}
_SKIN = {
    "white": ("e2b59b", "d39e80", "ecc6b0"),
    "black": ("5a3a29", "432a1e", "744c35"),
    "asian": ("dcb083", "c99b72", "e6c199"),
    "india": ("a4714c", "8a5b3c", "b98560"),
}
_HAIR = {
    "black": ("141214", "1f1a19", "0d0d10"),
    "brown": ("4a3020", "6b4a2e", "35231a", "8f6c43"),
    "white": ("d6d3cd", "c3c0bc", "e2d6b3"),
    "red": ("8a3d1d", "a24e22", "742c17"),
    "gray": ("77767a", "8e8d90", "5f5f64"),
}

#: Patterns of each upper garment, with weights.
_PATTERNS: dict[str, tuple[tuple[str, float], ...]] = {
    "tshirt": (("plain", 5), ("print", 4), ("stripes", 1.5), ("block", 1)),
    "blouse": (("plain", 4), ("dots", 2), ("stripes", 1)),
    "sweater": (("knit", 6), ("stripes", 2)),
    "shirt": (("plain", 4), ("check", 4), ("stripes", 2)),
    "dress": (("plain", 3), ("dots", 3), ("stripes", 1)),
    "hoodie": (("plain", 4), ("print", 4), ("block", 1)),
    "cardiga": (("knit", 5), ("plain", 2)),
    "coat": (("plain", 1),),
    "suit": (("plain", 5), ("stripes", 0.5)),
    "uniform": (("hivis", 1),),
    "unknown": (("plain", 3), ("print", 1)),
}


def colour(text: str) -> Colour:
    """
    >>> colour("ff0000")
    (1.0, 0.0, 0.0)
    """
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def _near(text: str, rng: np.random.Generator, *, spread: float = 0.03) -> Colour:
    """The colour with small random changes in brightness and hue."""
    base = np.array(colour(text))
    moved = base * (1 + rng.normal(0, 2.2 * spread)) + rng.normal(0, spread / 2, 3)
    red, green, blue = np.clip(moved, 0.03, 0.95)
    return float(red), float(green), float(blue)


def _choose(table: Mapping[str, tuple[str, float]], rng: np.random.Generator) -> Colour:
    names = list(table)
    weights = np.array([table[name][1] for name in names])
    return _near(table[names[rng.choice(len(names), p=weights / weights.sum())]][0], rng)


def _pattern(kind: str, rng: np.random.Generator) -> str:
    choices = _PATTERNS.get(kind, (("plain", 1),))
    weights = np.array([weight for _, weight in choices])
    return choices[rng.choice(len(choices), p=weights / weights.sum())][0]


def skin(ethnic: str, rng: np.random.Generator) -> Colour:
    """Skin by the ethnic label, with individual tone; unknown is drawn from all."""
    tones = _SKIN.get(ethnic) or _SKIN[list(_SKIN)[rng.integers(len(_SKIN))]]
    a, b = (np.array(colour(tones[at])) for at in rng.integers(0, len(tones), 2))
    mixed = a + (b - a) * rng.random()
    red, green, blue = np.clip(mixed * (1 + rng.normal(0, 0.03)), 0, 1)
    return float(red), float(green), float(blue)


def hair(label: str, rng: np.random.Generator) -> Colour:
    tones = _HAIR.get(label) or _HAIR["black" if rng.random() < 0.5 else "brown"]
    return _near(tones[rng.integers(len(tones))], rng, spread=0.02)


def upper(kind: str, *, female: bool, rng: np.random.Generator) -> Fabric:
    base, second = _choose(_CLOTH, rng), _choose(_CLOTH, rng)
    pattern, scale, seed = _pattern(kind, rng), float(rng.uniform(0.03, 0.085)), int(rng.integers(2**31))
    if kind == "suit":
        base = _near(("1d1f26", "2a3042", "4a4c52")[rng.integers(3)], rng)
        second = tuple(min(1.0, value * 1.5 + 0.05) for value in base)  # type: ignore[assignment]
    elif kind == "uniform":
        base = _near(("d0d93a", "e07a2a", "27406e")[rng.integers(3)], rng)
    elif female and kind in {"blouse", "dress"} and rng.random() < 0.5:
        base = _near(("e9e8e4", "d99aa8", "8fb4d8", "b84a55", "cbb994")[rng.integers(5)], rng)
    if sum(abs(a - b) for a, b in zip(base, second, strict=True)) < 0.45:  # an invisible pattern
        light = sum(base) > 1.3
        second = _near("26262b" if light else "d9d7d0", rng)
    return Fabric(base, second, pattern, scale, seed)


def inner(rng: np.random.Generator) -> Fabric:
    tone = ("e9e8e4", "d6dbe2", "2a2a2e", "b9bbbe", "8fb4d8")[rng.choice(5, p=(0.45, 0.15, 0.15, 0.1, 0.15))]
    return Fabric(_near(tone, rng), _near("808288", rng), seed=int(rng.integers(2**31)))


def lower(kind: str, *, upper: Fabric, female: bool, rng: np.random.Generator) -> Fabric:
    """A dress, uniform or suit matches its upper half."""
    denim, cloth, bright = _choose(_DENIM, rng), _choose(_PANTS, rng), _choose(_CLOTH, rng)
    shorts_denim, checked = rng.random() < 0.3, rng.random() < 0.15
    seed = int(rng.integers(2**31))
    if kind == "jeans" or (kind == "shorts" and shorts_denim):
        return Fabric(denim, tuple(min(1.0, v * 1.45 + 0.05) for v in denim), "denim", 0.05, seed)  # type: ignore[arg-type]
    if kind in {"dress", "suit"}:
        return Fabric(upper.colour, upper.second, upper.pattern, upper.scale_m, seed)
    if kind == "skirt":
        return Fabric(bright, _near("e0ddd4", rng), "check" if checked else "plain", 0.06, seed)
    if kind == "uniform":
        return Fabric(_near("27304a", rng), _near("c9c9bd", rng), "plain", 0.05, seed)
    return Fabric(cloth, _near("808288", rng), "plain", 0.05, seed)


def shoes(kind: str, rng: np.random.Generator) -> Colour:
    return _choose(_SHOES.get(kind, _SHOES["sportshoe"]), rng)


def soles(kind: str, rng: np.random.Generator) -> Colour:
    light = rng.random() < 0.7
    return _near("dedcd6" if kind in {"sportshoe", "unknown"} and light else "2b2725", rng)


def socks(rng: np.random.Generator) -> Colour:
    return _near("e4e3df" if rng.random() < 0.6 else "2a2a2d", rng)


def bag(kind: str, rng: np.random.Generator) -> Fabric:
    base = _choose(_MARKET if kind == "market" else _CLOTH if kind == "umbrella" else _BAG, rng)
    return Fabric(base, _near("b9bbbe" if sum(base) < 1.2 else "2a2a2e", rng), seed=int(rng.integers(2**31)))


def headwear(rng: np.random.Generator) -> Fabric:
    base = _choose(_CLOTH, rng)
    return Fabric(base, _near("e0ddd4", rng), seed=int(rng.integers(2**31)))


def accent(rng: np.random.Generator) -> Colour:
    return _near(("6b1c26", "1f2a48", "c9a445", "33343a", "2f6b43")[rng.integers(5)], rng)
