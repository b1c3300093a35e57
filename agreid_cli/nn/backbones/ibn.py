"""IBN-a: half of a norm's channels by instance, half by batch (Pan et al., 2018)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class IBN(nn.Module):
    """The children are named IN and BN, as in published IBN-a weights."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.halves = [channels // 2, channels - channels // 2]
        self.IN = nn.InstanceNorm2d(self.halves[0], affine=True)
        self.BN = nn.BatchNorm2d(self.halves[1])

    def forward(self, x: Tensor) -> Tensor:
        instance, batch = x.split(self.halves, dim=1)
        return torch.cat([self.IN(instance), self.BN(batch)], dim=1)


def with_ibn(stage: nn.Sequential) -> None:
    """Replace the first norm of every bottleneck of a stage, in place."""
    for block in stage:
        norm = block.bn1
        assert isinstance(norm, nn.BatchNorm2d)
        block.bn1 = IBN(norm.num_features)
