"""Triplet losses over a batch: the hardest pair of each anchor, or all pairs by softmax weight.

Distances are Euclidean on vectors as they come (`normalize` for unit length), in float32 whatever the
autocast: x² + y² − 2xy cancels in half precision. An anchor is no positive of itself.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

#: Farther than anything: where an anchor has no negative in the batch, its loss is 0.
FAR = 1e9


def triplet(
    vectors: Tensor, labels: Tensor, *, margin: float = 0.3, soft: bool = False, normalize: bool = False
) -> Tensor:
    """Batch-hard triplet loss (Hermans et al., 2017), a float32 scalar: the mean over the anchors.

    vectors: B×D; labels: int64 B. Of each anchor: d⁺ the farthest same label, d⁻ the nearest other one;
    [d⁺ − d⁻ + margin]₊, or with `soft` log(1 + e^(d⁺ − d⁻)), which has no margin. fast-reid falls back to a
    margin of 0.3 where its form of the latter overflows; this one cannot overflow, so there is no fallback.
    """
    with torch.autocast(vectors.device.type, enabled=False):
        distance, same, other = _pairs(vectors, labels, normalize)
        farthest = distance.where(same, distance.new_zeros(())).amax(1)
        nearest = distance.where(other, distance.new_full((), FAR)).amin(1)
        gap = farthest - nearest
        return (functional.softplus(gap) if soft else (gap + margin).clamp(min=0)).mean()


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
    x = functional.normalize(vectors.float()) if normalize else vectors.float()
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
