"""Triplet losses over a batch: the hardest pair of each anchor, or all pairs weighted by softmax.

Distances are Euclidean on vectors as they come (`normalize` for unit length), in float32 whatever the
autocast: x² + y² − 2xy cancels in half precision.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from agreid_cli.nn.losses.precision import at_least_single

#: Farther than anything: where an anchor has no negative in the batch, its loss is 0.
FAR = 1e9


def triplet(
    vectors: Tensor,
    labels: Tensor,
    *,
    margin: float = 0.3,
    soft: bool = False,
    normalize: bool = False,
    overflow_margin: float | None = None,
) -> Tensor:
    """Batch-hard triplet loss (Hermans et al., 2017): the mean over the anchors.

    vectors: B×D; labels: int64 B. Of each anchor: d⁺ the farthest same label, d⁻ the nearest other one;
    [d⁺ − d⁻ + margin]₊, or with `soft` log(1 + e^(d⁺ − d⁻)), which has no margin. fast-reid falls back to a
    margin of 0.3 where its form of the latter overflows; this one cannot overflow, and falls back only where
    `overflow_margin` asks for the same (VDT, SeCap).
    """
    with torch.autocast(vectors.device.type, enabled=False):
        distance, _, other = _pairs(vectors, labels, normalize)
        # An anchor counts among its own label, at distance 1e-6. `max` and `min` give the gradient of equal
        # distances to one pair, as the authors' code of the field does; `amax` would divide it.
        farthest = distance.where(~other, distance.new_zeros(())).max(1).values
        nearest = distance.where(other, distance.new_full((), FAR)).min(1).values
        gap = farthest - nearest
        if not soft:
            return (gap + margin).clamp(min=0).mean()
        loss = functional.softplus(gap).mean()
        if overflow_margin is None:
            return loss
        overflows = gap.detach().exp().isinf().any()
        return torch.where(overflows, (gap + overflow_margin).clamp(min=0).mean(), loss)


def weighted_triplet(vectors: Tensor, labels: Tensor, *, normalize: bool = False) -> Tensor:
    """Weighted regularisation triplet (Ye et al., AGW, Eq. 5 and 6), a float32 scalar.

    d⁺ is the mean of the distances to the same label, weighted by softmax(d); d⁻ of those to others, weighted
    by softmax(−d). Per anchor log(1 + e^(d⁺ − d⁻)). vectors: B×D; labels: int64 B.
    """
    with torch.autocast(vectors.device.type, enabled=False):
        distance, same, other = _pairs(vectors, labels, normalize)
        far = _weighted(distance, distance, same)
        # Without a negative the weighted mean would be 0, the hardest one there could be.
        near = _weighted(distance, -distance, other) + FAR * (~other.any(1)).to(distance.dtype)
        return functional.softplus(far - near).mean()


def distances(vectors: Tensor, *, normalize: bool = False) -> Tensor:
    """B×B Euclidean distances, at least 1e-6, with gradient 0 where two vectors are the same."""
    x = functional.normalize(at_least_single(vectors)) if normalize else at_least_single(vectors)
    # Moving all vectors alike changes no distance and leaves fewer digits to cancel.
    x = x - x.mean(0).detach()
    square = x.pow(2).sum(1)
    return (square[:, None] + square[None, :] - 2 * x @ x.T).clamp(min=1e-12).sqrt()


def _pairs(vectors: Tensor, labels: Tensor, normalize: bool) -> tuple[Tensor, Tensor, Tensor]:
    equal = labels[:, None] == labels[None, :]
    same = equal & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    return distances(vectors, normalize=normalize), same, ~equal


def _weighted(distance: Tensor, score: Tensor, mask: Tensor) -> Tensor:
    """Per row the mean of the distances in the mask, weighted by softmax(score); 0 for an empty mask."""
    weight = score.masked_fill(~mask, -FAR).softmax(1) * mask
    return (weight * distance).sum(1)
