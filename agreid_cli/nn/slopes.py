"""How the distance of two crops, or its parts, changes with their feature maps before pooling.

It needs no hooks, because the explained model gives the feature map and what follows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from agreid_cli.nn.explain_stream import ExplainStream
from agreid_cli.records.side import Side

LEAST = 1e-12  # of a squared distance: its root has no gradient at 0
Sides = tuple[Side | None, Side | None]
Pair = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Sloped:
    """A feature map and the slopes of the distance on it, B×C×H×W each."""

    grid: Tensor
    slope: Tensor


def sloped(
    model: ExplainStream, images: Pair, sides: Sides, distance: Callable[[Tensor, Tensor], Tensor]
) -> tuple[Sloped, Sloped]:
    """Normalised images B×3×H×W of both crops of B pairs, and `distance`, from their feature maps to (B,)."""
    with torch.no_grad():
        first, second = (model.features(image, side) for image, side in zip(images, sides, strict=True))
    return sloped_at((first, second), distance)


def sloped_at(grids: Pair, distance: Callable[[Tensor, Tensor], Tensor]) -> tuple[Sloped, Sloped]:
    """The same, from the feature maps of both crops."""
    with torch.enable_grad():
        first, second = (grid.detach().clone().requires_grad_() for grid in grids)
        slopes = torch.autograd.grad(distance(first, second).sum(), (first, second))
    return Sloped(first.detach(), slopes[0]), Sloped(second.detach(), slopes[1])


def apart(one: Tensor, other: Tensor) -> Tensor:
    """Euclidean distances of vectors, …×D twice → …"""
    return (one - other).square().sum(-1).clamp_min(LEAST).sqrt()
