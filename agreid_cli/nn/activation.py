"""Eq. 1: what turns the raw output of the decomposition head into attribute attention maps.

It is no sigmoid, whatever the paper calls it: it has no upper bound. What matters is δ(0) = K = 1: a head
that has learnt nothing multiplies the feature map by 1, so that every part begins as the whole distance.
"""

from __future__ import annotations

import torch
from torch import Tensor


def activation(x: Tensor, *, scale: float = 1.0, growth: float = 0.5) -> Tensor:
    """δ(x) = K·(x + 1)^T for x ≥ 0 and K·eˣ for x < 0, elementwise; K is `scale`, T is `growth` (Eq. 1).

    >>> activation(torch.tensor([0.0, 3.0])).tolist()
    [1.0, 2.0]
    """
    # Each branch sees only arguments of its own sign: the other's gradient would be 0 · inf.
    # (clamp would do so too, but not at 0 itself, where its slope is no promise.)
    negative = x < 0
    upper = (torch.where(negative, 0.0, x) + 1) ** growth
    lower = torch.where(negative, x, 0.0).exp()
    return scale * torch.where(negative, lower, upper)
