"""How much each position of two crops contributes to the parts of their distance.

A map says where the stream looks for an attribute in a crop, whatever it is compared with. What a position
adds to the part d_k of a pair, compared with an empty crop, is

    c_s = Σ_c (F_cs − F°_cs) ∂d_k/∂F_cs

with the feature map F before pooling, that of a crop of the mean colour F°, and the attribute map held fixed.
It is zero where the map is, where a position looks like an empty one, and where the two crops are alike in
what is pooled. Negative: the position makes the two crops more alike.

With average pooling and an affine neck, the c_s of both crops add up to d_k, less what the two maps make of
the same empty crop; if the maps are equal, exactly to d_k. That is one step of integrated gradients
(Sundararajan et al., ICML 2017), which needs no more where the distance is linear along the way.
"""

from __future__ import annotations

import torch
from torch import Tensor

from agreid_cli.nn.explain_stream import ExplainStream
from agreid_cli.nn.slopes import Pair, Sides, Sloped, apart, sloped_at
from agreid_cli.records.side import Side


def contributions(
    model: ExplainStream,
    one: Tensor,
    other: Tensor,
    sides: Sides = (None, None),
    *,
    maps: Pair,
    shares: Tensor | None = None,
) -> Pair:
    """Normalised images B×3×H×W of B pairs → the contributions of the positions of each side, B×H×W.

    maps: B×K×H×W of each side. shares: B×K, by which the contributions to each part, as a fraction of that
    part, are weighted and added; None: the contributions to all parts are added as they are.
    """

    with torch.no_grad():
        grids = model.features(one, sides[0]), model.features(other, sides[1])
    bases = empty(model, one, sides[0]), empty(model, other, sides[1])
    return contributions_at(model, grids, bases, maps=maps, shares=shares)


def contributions_at(
    model: ExplainStream, grids: Pair, bases: Pair, *, maps: Pair, shares: Tensor | None = None
) -> Pair:
    """The same, from the feature maps of the crops, and of empty ones, B×C×H×W."""

    def distance(first: Tensor, second: Tensor) -> Tensor:
        parts = apart(model.weighted(first, maps[0]), model.weighted(second, maps[1]))
        return (parts if shares is None else parts * (shares / parts.detach())).sum(1)

    first, second = sloped_at(grids, distance)
    return _of(first, bases[0]), _of(second, bases[1])


def empty(model: ExplainStream, images: Tensor, side: Side | None) -> Tensor:
    """The feature maps of crops of the mean colour; one for all, unless they depend on the side
    information."""
    with torch.no_grad():
        if model.needs:
            return model.features(torch.zeros_like(images), side)
        return model.features(torch.zeros_like(images[:1]), None)


def _of(found: Sloped, base: Tensor) -> Tensor:
    return (found.slope * (found.grid - base)).sum(1)
