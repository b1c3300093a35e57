"""Appearance of one person: from the labels of the 15 attribute groups to sizes, colours and clothes.

Labels determine the type of garment; colours, build within the label and all details are individual
and come from the generator. Two people with the same labels differ, and may still look alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from agreid_cli.synth.people import palette
from agreid_cli.synth.people.palette import Colour, Fabric

#: Official labels and suffixes of the official columns (method.md §3.3) with the same meaning.
_SAME = {
    "yes": "on", "no": "off", "normalglasses": "normal", "sunglasses": "sun", "indian": "india",
    "cardigan": "cardiga", "leggings": "leggins", "necklace": "neckless", "rollingbag": "rolling",
    "sportifbag": "sportif", "marketbag": "market", "bag": "normal",
}  # fmt: skip

#: Metres, minimum and maximum, of people with each label.
_HEIGHT = {"child": (1.18, 1.42), "short": (1.52, 1.62), "medium": (1.63, 1.75), "tall": (1.77, 1.93)}
#: Width relative to the average body of that height.
_GIRTH = {"thin": (0.84, 0.93), "medium": (0.97, 1.08), "fat": (1.2, 1.4)}
GROUPS = (
    "gender", "age", "height", "weight", "ethnic", "haircolor", "hairstyle", "beard", "moustache", "glasses",
    "head", "upper", "lower", "feet", "bag",
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """One person. Colours are sRGB (red, green, blue) in 0..1, lengths metres."""

    labels: Mapping[str, str] = field(hash=False)  # group to its normalised label: "tshirt", "on", "india"
    height_m: float
    girth: float
    female: bool
    child: bool
    old: bool
    lines: float  # wrinkles, 0 young, 0.5 middle-aged, 1 old
    skin: Colour
    hair: Colour
    upper: Fabric
    inner: Fabric  # visible under an open garment: shirt, blouse
    lower: Fabric
    shoes: Colour
    soles: Colour
    socks: Colour
    bag: Fabric
    headwear: Fabric
    accent: Colour  # tie, frame of glasses, necklace
    side: int  # +1: bag, parting and so on on the person's left; -1: right
    vary: tuple[float, ...]  # eight numbers in 0..1 for details: lengths, widths, habits


def plain(label: str) -> str:
    """The normalised form of a label used in this package.

    >>> plain("T-shirt"), plain("Rolling_bag"), plain("Yes"), plain("Leggins"), plain("18-24")
    ('tshirt', 'rolling', 'on', 'leggins', '1824')
    """
    word = re.sub(r"[^a-z0-9]", "", label.lower())
    return _SAME.get(word, word)


def make_look(attributes: Mapping[str, str], rng: np.random.Generator) -> Look:
    """The appearance of a person with these labels (group to official label or column suffix).

    A missing group counts as unknown. The same labels and generator state give the same appearance.
    """
    labels = {group: plain(attributes.get(group, "unknown")) for group in GROUPS}
    age = labels["age"]
    child = labels["height"] == "child" or age == "011"
    old = age in {"old", "5564", "65"}
    lines = 1.0 if old else 0.5 if age in {"middle", "3544", "4554"} else 0.0
    # Always the same number of random draws, so that changing one label leaves the rest of the person
    # unchanged.
    unit = rng.random(4)
    female = labels["gender"] == "female" or (labels["gender"] != "male" and bool(unit[3] < 0.5))
    seeds = rng.integers(0, 2**31, size=8)
    low, high = _HEIGHT["child" if child else labels["height"] if labels["height"] in _HEIGHT else "medium"]
    height = low + (high - low) * unit[0] - (0.02 if female and not child else 0.0)
    thin, fat = _GIRTH.get(labels["weight"], _GIRTH["medium"])
    own = [np.random.default_rng(seed) for seed in seeds]
    upper = palette.upper(labels["upper"], female=female, rng=own[0])
    return Look(
        labels=labels,
        height_m=float(height),
        girth=float(thin + (fat - thin) * unit[1]),
        female=female,
        child=child,
        old=old,
        lines=lines,
        skin=palette.skin(labels["ethnic"], own[1]),
        hair=palette.hair(labels["haircolor"], own[2]),
        upper=upper,
        inner=palette.inner(own[3]),
        lower=palette.lower(labels["lower"], upper=upper, female=female, rng=own[4]),
        shoes=palette.shoes(labels["feet"], own[5]),
        soles=palette.soles(labels["feet"], own[5]),
        socks=palette.socks(own[5]),
        bag=palette.bag(labels["bag"], own[6]),
        headwear=palette.headwear(own[7]),
        accent=palette.accent(own[7]),
        side=1 if unit[2] < 0.5 else -1,
        vary=tuple(float(value) for value in own[7].random(8)),
    )
