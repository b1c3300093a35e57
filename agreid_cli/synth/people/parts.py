"""The body parts in the ground-truth maps, and the parts on which each attribute is visible.

A pixel of a part map is the number of one part; 0 is everything that is not a person.
"""

from __future__ import annotations

PARTS: tuple[str, ...] = (
    "background",
    "hair",
    "head",  # face, ears and neck, except the two bands below
    "eyes",  # the band of the eyes, with or without glasses
    "jaw",  # mouth and chin, with or without a beard or a moustache
    "headwear",  # hat, scarf, necklace
    "torso",
    "arms",
    "hands",
    "legs",  # hips, thighs and shins, bare or clothed; the lower half of a dress
    "feet",
    "bag",  # any carried object, including umbrellas
)
BACKGROUND, HAIR, HEAD, EYES, JAW, HEADWEAR, TORSO, ARMS, HANDS, LEGS, FEET, BAG = range(len(PARTS))

_ALL = tuple(range(HAIR, BAG + 1))
_BODY = tuple(part for part in _ALL if part != BAG)

#: Attribute group → the parts on which a person can see it. If a group concerns the whole
#: figure (height), every part of the body counts: only pointing at the ground is wrong.
GROUP_PARTS: dict[str, tuple[int, ...]] = {
    "gender": _BODY,
    "age": (HAIR, HEAD, EYES, JAW),
    "height": _BODY,
    "weight": (TORSO, ARMS, LEGS),
    "ethnic": (HAIR, HEAD, EYES, JAW, ARMS, HANDS, LEGS),
    "haircolor": (HAIR, HEADWEAR),
    "hairstyle": (HAIR, HEADWEAR),
    "beard": (JAW,),
    "moustache": (JAW,),
    "glasses": (EYES,),
    "head": (HEADWEAR, HAIR, HEAD),
    "upper": (TORSO, ARMS),
    "lower": (LEGS,),
    "feet": (FEET,),
    "bag": (BAG, TORSO, HANDS),
}
