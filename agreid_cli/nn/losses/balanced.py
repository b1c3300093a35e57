"""Binary cross-entropy that gives rare bits more weight, for the attribute recognition stream."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

MOST = 10.0  # largest weight of the rules `sqrt` and `inverse`
#: The rules by name: weights (w₁, w₀) of a bit that a fraction r of the training people has, where it is 1
#: and where it is 0.
RULES = ("authors", "sqrt", "inverse")


def bit_weights(rates: Tensor, rule: str) -> tuple[Tensor, Tensor]:
    """(w₁, w₀), each of shape (M,), for the fractions r (M,).

    authors: e^{1 − r} and e^{r}. inverse: 1/(2r) and 1/(2(1 − r)), so that having and lacking a bit count
    equally in all. sqrt: the square roots of the odds against, √((1 − r)/r) and √(r/(1 − r)). The latter two
    are at most 10.

    >>> [w.tolist() for w in bit_weights(torch.tensor([0.5, 0.2, 0.0]), "inverse")]
    [[1.0, 2.5, 10.0], [1.0, 0.625, 0.5]]
    """
    if rule == "authors":
        return (1 - rates).exp(), rates.exp()
    if rule == "inverse":
        return (0.5 / rates).clamp_max(MOST), (0.5 / (1 - rates)).clamp_max(MOST)
    if rule == "sqrt":
        odds = rates / (1 - rates)
        return odds.rsqrt().clamp_max(MOST), odds.sqrt().clamp_max(MOST)
    raise ValueError(f"unknown rule {rule!r}; there are {', '.join(RULES)}")


def balanced_bce(logits: Tensor, bits: Tensor, rates: Tensor, rule: str = "authors") -> Tensor:
    """mean over crops and bits of w · BCE, with the weights of `bit_weights`.

    `logits` and `bits` have shape (n, M), `rates` (M,): the fraction r of training people with the bit.
    """
    having, lacking = bit_weights(rates, rule)
    weight = torch.where(bits.bool(), having, lacking)
    return binary_cross_entropy_with_logits(logits, bits.to(logits), weight=weight)
