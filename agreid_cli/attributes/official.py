"""The official codebook of AG-ReID and AG-ReID.v2: 15 groups, 88 bits (method.md §3.3).

Labels are in the order of the data set's integer codes, bits in the order of the official columns, with
the official spelling (`uppercardiga`, `lowerleggins`). Code and bit correspond except in `age`.
"""

from __future__ import annotations

from collections.abc import Mapping

from agreid_cli.attributes.codebook import Codebook, Group
from agreid_cli.config.build_manifest import AGE_FOLD

#: name, title, labels by code, bits without the group's name as prefix.
_TABLE: tuple[tuple[str, str, str, str], ...] = (
    ("gender", "Gender", "male female unknown", "male female unknown"),
    ("age", "Ages", "0-11 12-17 18-24 25-34 35-44 45-54 55-64 >65 Unknown", "young middle old unknown"),
    ("height", "Height", "Child Short Medium Tall Unknown", "child short medium tall unknown"),
    ("weight", "Body Volume", "Thin Medium Fat Unknown", "thin medium fat unknown"),
    ("ethnic", "Ethnicity", "White Black Asian Indian Unknown", "white black asian india unknown"),
    ("haircolor", "Hair Color", "Black Brown White Red Gray Occluded Unknown",
     "black brown white red gray occluded unknown"),
    ("hairstyle", "Hairstyle", "Bald Short Medium Long HorseTail Unknown",
     "bald short medium long horsetail unknown"),
    ("beard", "Beard", "Yes No Unknown", "on off unknown"),
    ("moustache", "Moustache", "Yes No Unknown", "on off unknown"),
    ("glasses", "Glasses", "Normal_glasses Sunglasses No Unknown", "normal sun off unknown"),
    ("head", "Head Accessories", "Hat Scarf Neckless Occluded Unknown",
     "hat scarf neckless occluded unknown"),
    ("upper", "Upper Body Clothing",
     "T-shirt Blouse Sweater Coat Bikini Naked Dress Uniform Shirt Suit Hoodie Cardigan Unknown",
     "tshirt blouse sweater coat bikini naked dress uniform shirt suit hoodie cardiga unknown"),
    ("lower", "Lower Body Clothing",
     "Jeans Leggins Pants Shorts Skirt Bikini Dress Uniform Suit Unknown",
     "jeans leggins pants shorts skirt bikini dress uniform suit unknown"),
    ("feet", "Feet", "Sport_shoe Classic_shoe High_heels Boots Sandals Nothing Unknown",
     "sportshoe classicshoe highheels boots sandals nothing unknown"),
    ("bag", "Accessories",
     "Bag Backpack Handbag Rolling_bag Umbrella Sportif_bag Market_bag Nothing Unknown",
     "normal backpack handbag rolling umbrella sportif market nothing unknown"),
)  # fmt: skip


def official_codebook(age_fold: Mapping[str, str] = AGE_FOLD) -> Codebook:
    """The 15 groups and 88 bits; `age_fold` maps each age band to one of the four age bits.

    >>> book = official_codebook()
    >>> len(book.groups), book.n_bits, book.groups[1].classes
    (15, 88, ('young', 'middle', 'old', 'Unknown'))
    >>> book.excluding(["age", "ethnic"]).n_bits
    79
    """
    return Codebook(tuple(_group(*row, age_fold) for row in _TABLE))


def _group(name: str, title: str, labels: str, bits: str, age_fold: Mapping[str, str]) -> Group:
    words, ends = tuple(labels.split()), bits.split()
    columns = tuple(f"{name}{end}" for end in ends)
    if name != "age":
        return Group(name, title, columns, words, tuple(range(len(words))))
    fold = {**age_fold, "Unknown": "unknown"}
    return Group(name, title, columns, words, tuple(ends.index(fold[word]) for word in words))
