"""The explainable stream's losses: parts must add up (Eq. 4) and be on attributes that differ (Eq. 6).

`d` (n, n) are the distances of the re-ID model between the n crops of a batch, `parts` (n, n, M) the
distances dᵏ under the map of each attribute, `bits` (n, M) the attributes in {0, 1}. Every loss is a mean
over the ordered pairs i ≠ j. The shares of a pair are s_k = dᵏ / Σ_k dᵏ, its exclusive attributes those in
which the two differ (Eq. 5), M_E their number, and S_e the sum of their shares.

Eq. 7 and 8 are printed without parentheses that they need (as printed, no shares can satisfy them).
With t = (M_E / M)^v, they mean

    λ = ½ ln[ (M − M_E) t / (M_E (1 − t)) ],    θ_e = e^{−λ} t / M_E,    θ_c = e^{λ} (1 − t) / (M − M_E)

and both thresholds are then equal to the geometric mean of t / M_E and (1 − t) / (M − M_E):

    τ = √( t (1 − t) / (M_E (M − M_E)) )

So the prior requires: the exclusive attributes together have a share of at least t, every exclusive share
is at least τ, every common one at most τ.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

#: If the mean part of a pair is below this, the images are copies: their shares are only rounding errors.
SAME_PICTURE = 1e-4
LEAST_TOTAL = 1e-6


def metric_distillation(d: Tensor, parts: Tensor) -> Tensor:
    """L_d = mean over i ≠ j of | d_ij − (1/M) Σ_k dᵏ_ij | (Eq. 4 with K = 1/M), a scalar.

    >>> metric_distillation(torch.tensor([[0.0, 2.0], [2.0, 0.0]]), torch.full((2, 2, 4), 1.5)).item()
    0.5
    """
    return mean_over_pairs((d - parts.mean(dim=-1)).abs())


def attribute_prior(
    parts: Tensor, bits: Tensor, v: float = 0.5, *, known: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """(L_p1, L_p2), two scalars (Eq. 6).

        L_p1 = mean [ (t − S_e)₊ + (S_c − (1 − t))₊ ]               S_c = 1 − S_e: the two terms are equal
        L_p2 = mean [ Σ_k e_k (τ − s_k)₊ + Σ_k (1 − e_k) (s_k − τ)₊ ]       e_k = 1 where k is exclusive

    A pair without exclusive attributes (the same person, or equal attributes) has L_p1 = 0, and no share may
    exceed 2/M: L_p2 = Σ_k (s_k − 2/M)₊. If all attributes differ there is no common term. Equal images count
    0. `known` (n, M) may be False for the bits of groups that are unknown for a person; they are then common.
    """
    n_bits = parts.shape[-1]
    exclusive = bits.unsqueeze(1) != bits.unsqueeze(0)
    if known is not None:
        exclusive = exclusive & known.unsqueeze(1) & known.unsqueeze(0)
    t, tau = (value.to(parts)[exclusive.sum(dim=-1)] for value in thresholds(n_bits, v))
    s = shares(parts)
    s_e = (s * exclusive).sum(dim=-1)
    too_little, too_much = (t - s_e).clamp_min(0), ((1 - s_e) - (1 - t)).clamp_min(0)
    gap = torch.where(exclusive, tau.unsqueeze(-1) - s, s - tau.unsqueeze(-1)).clamp_min(0).sum(dim=-1)
    apart = parts.detach().mean(dim=-1) >= SAME_PICTURE
    return (
        mean_over_pairs(torch.where(apart, too_little + too_much, 0.0)),
        mean_over_pairs(torch.where(apart, gap, 0.0)),
    )


def shares(parts: Tensor) -> Tensor:
    """s_k = dᵏ / Σ_k dᵏ over the last axis; they sum to 1 unless the parts are almost 0."""
    return parts / parts.sum(dim=-1, keepdim=True).clamp_min(LEAST_TOTAL)


@lru_cache
def thresholds(n_bits: int, v: float) -> tuple[Tensor, Tensor]:
    """t and τ for M_E = 0 … M, float64 of shape (M + 1,) each, as lookup tables.

    Limits: M_E = 0 has t = 0 and τ = 2/M; M_E = M has t = 1 and the limit τ = √v / M.

    >>> t, tau = thresholds(88, 0.5)
    >>> round(t[14].item(), 4), round(tau[14].item(), 5), tau[0].item() == 2 / 88
    (0.3989, 0.01521, True)
    """
    if not 0 < v <= 1:
        # Above 1, t < M_E / M: the exclusive attributes would have to have less than a uniform share.
        raise ValueError(f"v must be in (0, 1], not {v}")
    m_e = torch.arange(n_bits + 1, dtype=torch.float64)
    t = (m_e / n_bits) ** v
    tau = torch.full_like(t, 2 / n_bits)
    inner = slice(1, n_bits)
    tau[inner] = (t * (1 - t) / (m_e * (n_bits - m_e)).clamp_min(1)).sqrt()[inner]
    tau[n_bits] = v**0.5 / n_bits
    return t, tau


def mean_over_pairs(values: Tensor) -> Tensor:
    """The mean of an (n, n) matrix over i ≠ j; 0 for a single crop, which has no pair."""
    n = len(values)
    off = ~torch.eye(n, dtype=torch.bool, device=values.device)
    return torch.where(off, values, 0.0).sum() / max(n * (n - 1), 1)
