"""Map labels and integer codes, as people write them in a table, to bits.

Case, spaces, hyphens, underscores and a plural s are ignored; a blank cell means unknown.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from agreid_cli.attributes.codebook import Group
from agreid_cli.errors import did_you_mean

#: Additional labels for a bit: the correct spelling if the official one is wrong, and common variants.
_ALSO: dict[str, tuple[str, ...]] = {
    "gendermale": ("m", "man"),
    "genderfemale": ("f", "woman"),
    "ethnicindia": ("indian",),
    "haircolorgray": ("grey",),
    "hairstylehorsetail": ("ponytail",),
    "glassesnormal": ("glasses",),
    "headneckless": ("necklace",),
    "uppercardiga": ("cardigan",),
    "lowerleggins": ("leggings",),
    "feetsportshoe": ("sports shoe",),
    "bagnormal": ("bag",),
    "bagsportif": ("sport bag", "sports bag"),
}
_UNKNOWN = ("unknown", "unk", "na", "nan", "not known")
_CODE = re.compile(r"([0-9]{1,9})(\.0+)?", re.ASCII)


def label_key(text: str) -> str:
    """The normalised form of a label: equal for its spelling variants.

    >>> label_key("Sport_shoes") == label_key("sport shoe") == label_key("SPORT-SHOE")
    True
    >>> label_key("18–24") == label_key("18 - 24")
    True
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(ch for ch in plain if ch.isalnum()).removesuffix("s")


def class_of(text: str, group: Group) -> int | None:
    """The class of a label or an integer code, or None if it is not recognised.

    >>> from agreid_cli.attributes.official import official_codebook
    >>> age, upper = (g for g in official_codebook().groups if g.name in ("age", "upper"))
    >>> [age.classes[class_of(word, age)] for word in ("5", "45-54", "middle", ">65", "65+", "")]
    ['middle', 'middle', 'middle', 'old', 'old', 'Unknown']
    >>> upper.bits[class_of("Cardigan", upper)], class_of("cape", upper), class_of("13", upper)
    ('uppercardiga', None, None)
    """
    word = text.strip()
    code = _CODE.fullmatch(word)
    if code:
        number = int(code[1])
        return group.fold[number] if number < len(group.fold) else None
    if word in ("", "?"):
        return group.unknown
    return _words(group).get(label_key(word))


def label_of(text: str, group: Group) -> str:
    """The official spelling of a cell's label; "" if it is blank. `class_of` must recognise the text.

    A label shared by several bits is returned unchanged.

    >>> from agreid_cli.attributes.official import official_codebook
    >>> age = official_codebook().groups[1]
    >>> [label_of(word, age) for word in ("5", "45 - 54", "Middle", "n/a", "")]
    ['45-54', '45-54', 'middle', 'Unknown', '']
    """
    word = text.strip()
    if not word:
        return ""
    code = _CODE.fullmatch(word)
    if code:
        return group.labels[int(code[1])]
    same = [label for label in group.labels if label_key(label) == label_key(word)]
    at = class_of(text, group)
    if at is None:
        raise ValueError(label_problem(text, group))
    return same[0] if same else group.classes[at]


def label_problem(text: str, group: Group) -> str:
    """What is wrong with a label that `class_of` does not recognise, with the nearest valid one."""
    word = text.strip()
    codes = f"codes 0 to {len(group.labels) - 1}"
    if _CODE.fullmatch(word):
        pairs = ", ".join(f"{code} {label}" for code, label in enumerate(group.labels))
        return f"code {word} does not exist; allowed: {pairs}"
    if group.name == "age" and re.search("dec|déc|dez|dic", word, re.IGNORECASE):
        return f"'{word}' is not a valid label; did you mean '12-17'? A spreadsheet has turned it into a date"
    choices = dict.fromkeys((*group.labels, *group.classes))
    near = did_you_mean(word, choices)
    return f"'{word}' is not a valid label{near}" + ("" if near.startswith("; did") else f", or {codes}")


@lru_cache(maxsize=256)
def _words(group: Group) -> dict[str, int]:
    """Every spelling of the group's labels. An ambiguous spelling is excluded."""
    meanings: dict[str, set[int]] = {}
    for label, at in zip(group.labels, group.fold, strict=True):
        meanings.setdefault(label_key(label), set()).add(at)
    for at, bit in enumerate(group.bits):
        for word in (bit, bit.removeprefix(group.name), *_ALSO.get(bit, ())):
            meanings.setdefault(label_key(word), set()).add(at)
    for word in _UNKNOWN:
        meanings.setdefault(label_key(word), set()).add(group.unknown)
    return {key: next(iter(at)) for key, at in meanings.items() if len(at) == 1 and key}
