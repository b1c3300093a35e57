"""VDT's orthogonality term: the view-free and the view feature should share no direction (VDT, Eq. 8)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from agreid_cli.nn.losses.precision import at_least_single


def orthogonality(features: Tensor, views: Tensor) -> Tensor:
    """Mean over the batch of |cos(fᵢ, vᵢ)|, a scalar of at least single precision. Both: B×D."""
    with torch.autocast(features.device.type, enabled=False):
        f, v = (at_least_single(x) for x in (features, views))
        return functional.cosine_similarity(f, v, dim=1).abs().mean()
