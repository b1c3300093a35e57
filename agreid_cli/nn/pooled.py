"""Compute all M attribute-weighted vectors of a batch with one product, and the distances between them.

The direct way multiplies the feature map F (B×C×H×W) by each of M maps and pools M times: at B = 64, M = 88,
C = 2048 and 16×8 that is 5.9 GB per copy. But generalised-mean pooling is a sum over positions,

    GeM(F ⊙ Aᵏ)_c = ( 1/HW · Σ_s F_{c,s}^p A_{k,s}^p )^{1/p},

so the sums for all k and c are one batched product of (A^p) B×M×HW and (F^p)ᵀ B×HW×C, which needs only
46 MB. It is exact. p = 1 is average pooling, the only one suitable for signed features.

Everything runs in float32 even under autocast: cubes and differences of squares need more than float16.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_LEAST_FEATURE = 1e-6  # as in GeM: its root has no gradient at 0
_LEAST_SUM = 1e-18
_LEAST_SQUARE = 1e-12


def attribute_pooling(grid: Tensor, maps: Tensor, *, p: float = 3.0) -> Tensor:
    """B×C×H×W and B×M×H×W → B×M×C: `grid` pooled with each map by the generalised mean of power `p`.

    Maps are positive. For p ≠ 1 the grid must be non-negative. Values below 1e-6 count as 1e-6, as in GeM.
    """
    with torch.autocast(grid.device.type, enabled=False):
        # `mT` is the same as `transpose` and cannot be traced for ONNX.
        features, attention = grid.float().flatten(2), maps.float().flatten(2)
        if p == 1:
            return attention @ features.transpose(1, 2) / features.shape[-1]
        features = features.clamp_min(_LEAST_FEATURE) ** p
        sums = (attention**p) @ features.transpose(1, 2) / features.shape[-1]
        return _Root.apply(sums, p)


class _Root(torch.autograd.Function):
    """(max(x, 1e-18))^{1/p} that stores only its result: the derivative is y^{1 − p} / p."""

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

    Each attribute's vectors are centred first: otherwise ‖a‖² + ‖b‖² − 2ab loses the relevant digits.
    """
    with torch.autocast(vectors.device.type, enabled=False):
        of_k = vectors.float().transpose(0, 1)
        of_k = of_k - of_k.mean(dim=1, keepdim=True)
        return _distances(of_k, of_k).permute(1, 2, 0)


class CrossDistances:
    """The distances dᵏ from the same query vectors, q×M×C, to one block of gallery vectors after another.

    Centring and squares of the queries are computed once. At thousands of queries and a few gallery crops a
    block, they would take most of the time. All is centred on the queries' mean, so that blocks of one
    gallery agree.
    """

    def __init__(self, query: Tensor) -> None:
        with torch.autocast(query.device.type, enabled=False):
            a = query.float().transpose(0, 1)
            self.centre = a.mean(dim=1, keepdim=True)
            self.query = (a - self.centre).contiguous()
            self.squares = self.query.square().sum(-1).unsqueeze(2)

    def __call__(self, gallery: Tensor) -> Tensor:
        """g×M×C → M×q×g."""
        with torch.autocast(gallery.device.type, enabled=False):
            b = gallery.float().transpose(0, 1) - self.centre
            squares = self.squares + b.square().sum(-1).unsqueeze(1)
            return squares.baddbmm_(self.query, b.mT, alpha=-2).clamp_min_(_LEAST_SQUARE).sqrt_()


def cross_distances(query: Tensor, gallery: Tensor) -> Tensor:
    """q×M×C and g×M×C → q×g×M."""
    return CrossDistances(query)(gallery).permute(1, 2, 0)


def base_distances(a: Tensor, b: Tensor) -> Tensor:
    """n×C and m×C → n×m: the Euclidean distance of the re-ID model, by the same arithmetic."""
    return cross_distances(a.unsqueeze(1), b.unsqueeze(1)).squeeze(-1)


def _distances(a: Tensor, b: Tensor) -> Tensor:
    """M×n×C and M×m×C → M×n×m."""
    squares = a.square().sum(-1).unsqueeze(2) + b.square().sum(-1).unsqueeze(1)
    return torch.baddbmm(squares, a, b.mT, alpha=-2).clamp_min(_LEAST_SQUARE).sqrt()
