"""Binary cross-entropy that gives rare bits more weight, for the attribute recognition stream."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def balanced_bce(logits: Tensor, bits: Tensor, rates: Tensor) -> Tensor:
    """mean over crops and bits of w · BCE, with w = e^{1 − r} where the bit is 1 and e^{r} where it is 0.

    `logits` and `bits` have shape (n, M), `rates` (M,): the fraction r of training people with the bit.
    """
    weight = (rates + bits * (1 - 2 * rates)).exp()
    return binary_cross_entropy_with_logits(logits, bits.to(logits), weight=weight)
