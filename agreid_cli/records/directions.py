"""Directions as rows of data: platforms of query and gallery, the junk rule, and names in other papers.

Two different protocols are published as "A↔G". `a2g` and `g2a` use a gallery of the other view only.
CARGO's A↔G, here `ag`, keeps every query and every gallery crop of `all` and relabels the cameras into two,
aerial and ground: a crop of the same person in the query's own view is junk, but other people in that view
stay in the gallery. Figures of the two are not comparable.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from agreid_cli.errors import InputError, did_you_mean

Junk = Literal["camid", "view"]
#: The two directions of the paper.
BOTH = ("a2g", "g2a")


@dataclass(frozen=True)
class Direction:
    """One protocol. An empty tuple of platforms accepts every crop, also one of unknown platform.

    `junk` names what must differ between a query and its true match: the camera, or the view (aerial,
    ground).
    """

    name: str
    says: str
    query: tuple[str, ...]
    gallery: tuple[str, ...]
    junk: Junk = "camid"
    aliases: tuple[str, ...] = ()
    #: Exists only where a published split lists its crops: platforms alone do not tell it from another.
    listed_only: bool = False


_ROWS = (
    Direction("a2g", "aerial → ground camera", ("uav",), ("cctv",),
              aliases=("exp1", "exp1_aerial_to_cctv")),
    Direction("g2a", "ground camera → aerial", ("cctv",), ("uav",),
              aliases=("exp4", "exp4_cctv_to_aerial")),
    Direction("a2w", "aerial → wearable", ("uav",), ("wearable",),
              aliases=("exp2", "exp2_aerial_to_wearable")),
    Direction("w2a", "wearable → aerial", ("wearable",), ("uav",),
              aliases=("exp5", "exp5_wearable_to_aerial")),
    Direction("a2gw", "aerial → ground camera and wearable", ("uav",), ("cctv", "wearable"),
              aliases=("exp3", "exp3_aerial_to_ground")),
    Direction("gw2a", "ground camera and wearable → aerial", ("cctv", "wearable"), ("uav",),
              aliases=("exp6", "exp6_ground_to_aerial")),
    Direction("g2w", "ground camera → wearable", ("cctv",), ("wearable",)),
    Direction("w2g", "wearable → ground camera", ("wearable",), ("cctv",)),
    Direction("a2a", "aerial → aerial, another camera", ("uav",), ("uav",),
              aliases=("aa", "cargo-aa")),
    Direction("g2g", "ground camera → another ground camera", ("cctv",), ("cctv",),
              aliases=("gg", "cargo-gg", "market1501", "market-1501")),
    Direction("w2w", "wearable → another wearable", ("wearable",), ("wearable",)),
    Direction("all", "every query → every gallery crop", (), (), aliases=("cargo-all",)),
    Direction("ag", "every query → every gallery crop, own view is junk", (), (), junk="view",
              aliases=("cargo-ag",)),
    Direction("a2g+", "aerial → ground camera and distractors", ("uav",), ("cctv",), listed_only=True,
              aliases=("exp3_a2g+",)),
    Direction("g2a+", "ground camera → aerial and distractors", ("cctv",), ("uav",), listed_only=True,
              aliases=("exp4_g2a+",)),
    Direction("g2ag", "ground camera → aerial and other ground cameras", ("cctv",), ("uav", "cctv"),
              listed_only=True, aliases=("exp5_g2a+g",)),
)  # fmt: skip

#: name → row. AG-ReID.v2's exp1 to exp6, CARGO's ALL, GG, AA, AG, Market-1501 and LAGPeR's lists are aliases.
DIRECTIONS: dict[str, Direction] = {row.name: row for row in _ROWS}
_BY_ALIAS = {alias: row for row in _ROWS for alias in (row.name, *row.aliases)}


def find_direction(word: str) -> Direction:
    """The direction with this name or alias, case-insensitive; `InputError` for an unknown name.

    >>> find_direction("exp4").name
    'g2a'
    >>> find_direction("CARGO-AG").junk
    'view'
    """
    row = _BY_ALIAS.get(word.strip().lower())
    if row is None:
        raise InputError(f"unknown direction '{word}'{did_you_mean(word, _BY_ALIAS)}", hint=_listed())
    return row


def possible(query_platforms: Iterable[str | None], gallery_platforms: Iterable[str | None]) -> list[str]:
    """The directions with crops of all platforms they name, given the platforms of each role, in order.

    >>> possible(["uav"], ["cctv", "uav"])
    ['a2g', 'a2a', 'all', 'ag']
    >>> possible([None], [None])
    ['all']
    """
    asking, searched = set(query_platforms), set(gallery_platforms)
    if not asking or not searched:
        return []
    by_view = None not in asking | searched
    return [
        row.name
        for row in _ROWS
        if not row.listed_only
        and set(row.query) <= asking
        and set(row.gallery) <= searched
        and (row.junk != "view" or by_view)
    ]


def _listed() -> str:
    names = (f"{row.name} ({', '.join(row.aliases)})" if row.aliases else row.name for row in _ROWS)
    return f"Directions and their other names: {'; '.join(names)}"


def find_directions(words: Iterable[str]) -> list[str]:
    """Their names, each once; `both` stands for the two of the paper. Raises `InputError` as
    `find_direction`.

    >>> find_directions(["both", "exp1"])
    ['a2g', 'g2a']
    """
    every = [word for given in words for word in (BOTH if given.lower() == "both" else (given,))]
    return list(dict.fromkeys(find_direction(word).name for word in every))
