"""The weighted sum of scalars on a device, without copying the weights to it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def weighted_sum(values: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """Σ weight · value. Equal weights are applied to the mean, which is exact where they sum to 1.

    >>> weighted_sum([torch.tensor(2.0), torch.tensor(4.0)], [0.5, 0.25]).item()
    2.0
    """
    first = weights[0]
    if all(weight == first for weight in weights):
        mean, total = torch.stack(list(values)).mean(), first * len(weights)
        return mean if total == 1 else mean * total
    return torch.stack([value * weight for value, weight in zip(values, weights, strict=True)]).sum()
