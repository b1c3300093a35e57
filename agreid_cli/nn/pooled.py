"""All M attribute-guided vectors of a batch by one product, and the distances between them.

The obvious way multiplies the feature map F (B×C×H×W) by each of M maps and pools M times: at B = 64, M = 88,
C = 2048 and 16×8 that is 5.9 GB a copy. But generalised-mean pooling is a sum over places,

    GeM(F ⊙ Aᵏ)_c = ( 1/HW · Σ_s F_{c,s}^p A_{k,s}^p )^{1/p},

so the sums for all k and c are one batched product of (A^p) B×M×HW and (F^p)ᵀ B×HW×C, and what remains is
46 MB. It is exact. p = 1 is average pooling, the only one that suits features with a sign.

All of it runs in float32 whatever autocast says: cubes and differences of squares do not survive float16.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_LEAST_FEATURE = 1e-6  # as in GeM itself: its root has no slope at 0
_LEAST_SUM = 1e-18
_LEAST_SQUARE = 1e-12


def attribute_pooling(grid: Tensor, maps: Tensor, *, p: float = 3.0) -> Tensor:
    """B×C×H×W and B×M×H×W → B×M×C: `grid` pooled under each map by the generalised mean of power `p`.

    Maps are positive. With p ≠ 1 the grid must not be negative. Values below 1e-6 count as 1e-6, as in GeM.
    """
    with torch.autocast(grid.device.type, enabled=False):
        features, attention = grid.float().flatten(2), maps.float().flatten(2)
        if p == 1:
            return attention @ features.mT / features.shape[-1]
        features = features.clamp_min(_LEAST_FEATURE) ** p
        sums = (attention**p) @ features.mT / features.shape[-1]
        return _Root.apply(sums, p)


class _Root(torch.autograd.Function):
    """(max(x, 1e-18))^{1/p} that keeps its result alone: the slope is y^{1 − p} / p."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, p: float) -> Tensor:
        y = x.clamp_min(_LEAST_SUM).pow_(1 / p)
        ctx.p = p
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (y,) = ctx.saved_tensors
        return (y ** (1 - ctx.p)).mul_(grad).div_(ctx.p), None


def part_distances(vectors: Tensor) -> Tensor:
    """B×M×C → B×B×M: dᵏ_ij = ‖fᵏ_i − fᵏ_j‖ of every pair in a batch.

    Each attribute's vectors are centred first: without it ‖a‖² + ‖b‖² − 2ab loses the digits that matter.
    """
    with torch.autocast(vectors.device.type, enabled=False):
        of_k = vectors.float().transpose(0, 1)
        of_k = of_k - of_k.mean(dim=1, keepdim=True)
        return _distances(of_k, of_k).permute(1, 2, 0)


def cross_distances(query: Tensor, gallery: Tensor) -> Tensor:
    """q×M×C and g×M×C → q×g×M. Centred on the queries' mean, so that blocks of one gallery agree."""
    with torch.autocast(query.device.type, enabled=False):
        a, b = query.float().transpose(0, 1), gallery.float().transpose(0, 1)
        centre = a.mean(dim=1, keepdim=True)
        return _distances(a - centre, b - centre).permute(1, 2, 0)


def base_distances(a: Tensor, b: Tensor) -> Tensor:
    """n×C and m×C → n×m: the Euclidean distance of the re-ID model, by the same arithmetic."""
    return cross_distances(a.unsqueeze(1), b.unsqueeze(1)).squeeze(-1)


def _distances(a: Tensor, b: Tensor) -> Tensor:
    """M×n×C and M×m×C → M×n×m."""
    squares = a.square().sum(-1).unsqueeze(2) + b.square().sum(-1).unsqueeze(1)
    return torch.baddbmm(squares, a, b.mT, alpha=-2).clamp_min(_LEAST_SQUARE).sqrt()
