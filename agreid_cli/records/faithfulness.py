"""The faithfulness of explanations as stored in an explanation record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: The orders in which places are occluded; the first is what the others are compared with. `attribute`: the
#: map of the attribute with the largest share. `contribution`: what the places contribute to the part of that
#: attribute. `shares`, `contributions`: the maps and the contributions of all attributes, each weighted by
#: its share of the pair. `grad-cam`: of the whole distance. `grad-cam-part`: of the part of that attribute.
ORDERS = ("contribution", "attribute", "random", "mean", "grad-cam")
WHOLE = ("contributions", "shares", "random", "mean", "grad-cam")
PART = ("contribution", "attribute", "random", "mean", "grad-cam-part")


@dataclass(frozen=True)
class Estimate:
    """A mean over pairs or crops, with a bootstrap confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class OrderScore:
    """The areas under the curves of one order, and by how much the table's first order is better (paired;
    None for itself).

    curves: the mean of what is followed at each step, as a fraction of that of the whole crops.
    """

    name: str  # one of ORDERS, WHOLE or PART
    deletion: Estimate  # smaller is better
    insertion: Estimate  # larger is better
    deletion_gain: Estimate | None
    insertion_gain: Estimate | None
    deletion_curve: tuple[float, ...]
    insertion_curve: tuple[float, ...]


@dataclass(frozen=True)
class Sanity:
    """Rank correlation of the maps with those of shuffled weights: 1 means that the weights do not matter."""

    shuffled: str
    correlation: Estimate


@dataclass(frozen=True)
class Faithfulness:
    """Deletion, insertion and the sanity check of one direction.

    orders: the places of one attribute, followed in the whole distance. whole: those of all attributes,
    weighted by their shares, in the whole distance. part: those of one attribute, in the part of the distance
    that the stream gives it. The latter two are empty in files of earlier versions, and the first order is
    that of the maps there.
    """

    n_pairs: int
    n_places: int
    steps: tuple[int, ...]  # numbers of places
    orders: tuple[OrderScore, ...]
    sanity: tuple[Sanity, ...]
    whole: tuple[OrderScore, ...] = ()
    part: tuple[OrderScore, ...] = ()


def faithfulness_from(tree: dict[str, Any]) -> Faithfulness:
    """From JSON."""
    orders, whole, part = (
        tuple(_order(item) for item in tree.get(name, ())) for name in ("orders", "whole", "part")
    )
    sanity = tuple(Sanity(item["shuffled"], Estimate(**item["correlation"])) for item in tree["sanity"])
    steps = tuple(tree["steps"])
    return Faithfulness(tree["n_pairs"], tree["n_places"], steps, orders, sanity, whole, part)


def _order(item: dict[str, Any]) -> OrderScore:
    areas = [
        None if item[name] is None else Estimate(**item[name])
        for name in ("deletion", "insertion", "deletion_gain", "insertion_gain")
    ]
    assert areas[0] is not None
    assert areas[1] is not None
    curves = (tuple(item["deletion_curve"]), tuple(item["insertion_curve"]))
    return OrderScore(item["name"], areas[0], areas[1], areas[2], areas[3], *curves)
