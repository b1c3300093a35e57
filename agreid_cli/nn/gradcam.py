"""Grad-CAM of a distance: which positions of two crops raise it (Selvaraju et al., ICCV 2017).

The class score of the original is replaced by the re-ID model's Euclidean distance of the two crops. The map
of a crop is

    ReLU( Σ_c w_c F_c ),    w_c = mean over positions of ∂d/∂F_c

with the feature map F before pooling. It needs no hooks, because the stream's teacher gives F and what
follows it. Given attention maps, d is the part of the distance under these maps, which are held fixed.
"""

from __future__ import annotations

import torch
from torch import Tensor

from agreid_cli.nn.explain_stream import ExplainStream
from agreid_cli.records.side import Side


def grad_cam(
    model: ExplainStream,
    one: Tensor,
    other: Tensor,
    sides: tuple[Side | None, Side | None] = (None, None),
    *,
    maps: tuple[Tensor, Tensor] | None = None,
) -> tuple[Tensor, Tensor]:
    """Normalised images B×3×h×w of B pairs → a map for each side, B×H×W, ≥ 0.

    maps: B×1×H×W for each side, to explain the part of the distance under them instead of the whole.
    """
    with torch.enable_grad():
        grids = []
        for images, side in zip((one, other), sides, strict=True):
            with torch.no_grad():
                grid = model.features(images, side)
            grids.append(grid.detach().clone().requires_grad_())
        if maps is None:
            first, second = (model.embed_features(grid) for grid in grids)
        else:
            first, second = (model.weighted(grid, own)[:, 0] for grid, own in zip(grids, maps, strict=True))
        distance = (first - second).square().sum(1).clamp_min(1e-12).sqrt().sum()
        slopes = torch.autograd.grad(distance, grids)
    found = [
        (slope.mean((2, 3), keepdim=True) * grid.detach()).sum(1).clamp_min(0)
        for slope, grid in zip(slopes, grids, strict=True)
    ]
    return found[0], found[1]
