"""Eq. 1: the activation that turns the output of the decomposition head into attention maps.

Despite its name in the paper it is not a sigmoid: it has no upper bound. What matters is δ(0) = K = 1: an
untrained head multiplies the feature map by 1, so every part starts as the whole distance.
"""

from __future__ import annotations

import torch
from torch import Tensor


def activation(x: Tensor, *, scale: float = 1.0, growth: float = 0.5) -> Tensor:
    """δ(x) = K·(x + 1)^T for x ≥ 0 and K·eˣ for x < 0, elementwise; K is `scale`, T is `growth` (Eq. 1).

    >>> activation(torch.tensor([0.0, 3.0])).tolist()
    [1.0, 2.0]
    """
    # Each branch gets only arguments of its own sign: otherwise the gradient would be 0 · inf.
    # (clamp would do this too, except at 0 itself, where its gradient is undefined.)
    negative = x < 0
    upper = (torch.where(negative, 0.0, x) + 1) ** growth
    lower = torch.where(negative, x, 0.0).exp()
    return scale * torch.where(negative, lower, upper)
