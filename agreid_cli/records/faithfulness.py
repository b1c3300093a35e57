"""The faithfulness of explanations as stored in an explanation record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: The orders in which places are occluded. `attribute`: the map of the attribute with the largest share.
ORDERS = ("attribute", "random", "mean", "grad-cam")


@dataclass(frozen=True)
class Estimate:
    """A mean over pairs or crops, with a bootstrap confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class OrderScore:
    """The areas under the curves of one order, and by how much the attribute map is better (paired; None for
    itself).

    curves: the mean distance at each step, as a fraction of that of the whole crops.
    """

    name: str  # one of ORDERS
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
    """Deletion, insertion and the sanity check of one direction."""

    n_pairs: int
    n_places: int
    steps: tuple[int, ...]  # numbers of places
    orders: tuple[OrderScore, ...]
    sanity: tuple[Sanity, ...]


def faithfulness_from(tree: dict[str, Any]) -> Faithfulness:
    """From JSON."""
    orders = tuple(_order(item) for item in tree["orders"])
    sanity = tuple(Sanity(item["shuffled"], Estimate(**item["correlation"])) for item in tree["sanity"])
    return Faithfulness(tree["n_pairs"], tree["n_places"], tuple(tree["steps"]), orders, sanity)


def _order(item: dict[str, Any]) -> OrderScore:
    areas = [
        None if item[name] is None else Estimate(**item[name])
        for name in ("deletion", "insertion", "deletion_gain", "insertion_gain")
    ]
    assert areas[0] is not None
    assert areas[1] is not None
    curves = (tuple(item["deletion_curve"]), tuple(item["insertion_curve"]))
    return OrderScore(item["name"], areas[0], areas[1], areas[2], areas[3], *curves)
