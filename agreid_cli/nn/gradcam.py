"""Grad-CAM of a distance: which positions of two crops raise it (Selvaraju et al., ICCV 2017).

The class score of the original is replaced by the re-ID model's Euclidean distance of the two crops. The map
of a crop is

    ReLU( Σ_c w_c F_c ),    w_c = mean over positions of ∂d/∂F_c

with the feature map F before pooling. Given attention maps, d is the part of the distance under these maps,
which are held fixed.
"""

from __future__ import annotations

from torch import Tensor

from agreid_cli.nn.explain_stream import ExplainStream
from agreid_cli.nn.slopes import Pair, Sides, Sloped, apart, sloped


def grad_cam(
    model: ExplainStream, one: Tensor, other: Tensor, sides: Sides = (None, None), *, maps: Pair | None = None
) -> Pair:
    """Normalised images B×3×H×W of B pairs → a map for each side, B×H×W, ≥ 0.

    maps: B×1×H×W for each side, to explain the part of the distance under them instead of the whole.
    """

    def distance(first: Tensor, second: Tensor) -> Tensor:
        if maps is None:
            return apart(model.embed_features(first), model.embed_features(second))
        return apart(model.weighted(first, maps[0])[:, 0], model.weighted(second, maps[1])[:, 0])

    first, second = sloped(model, (one, other), sides, distance)
    return _cam(first), _cam(second)


def _cam(found: Sloped) -> Tensor:
    return (found.slope.mean((2, 3), keepdim=True) * found.grid).sum(1).clamp_min(0)
