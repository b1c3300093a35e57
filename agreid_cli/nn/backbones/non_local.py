"""The non-local block of AGW and SBS."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class NonLocal(nn.Module):
    """x + BN(W·y), with y the average of g(x) over all positions, weighted by θ(x)ᵀφ(x) / HW (dot product).

    The output's BN starts at zero, so that the block starts as the identity and pretrained weights stay
    valid. `inner` is 1 as in the recipes with published figures (method.md §2, note b).
    """

    def __init__(self, channels: int, *, inner: int = 1) -> None:
        super().__init__()
        self.g = nn.Conv2d(channels, inner, 1)
        self.theta = nn.Conv2d(channels, inner, 1)
        self.phi = nn.Conv2d(channels, inner, 1)
        self.out = nn.Conv2d(inner, channels, 1)
        self.bn = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.bn.weight)
        nn.init.zeros_(self.bn.bias)

    def forward(self, x: Tensor) -> Tensor:
        theta, phi, g = (conv(x).flatten(2) for conv in (self.theta, self.phi, self.g))
        # (θᵀφ)·g = θᵀ(φ·gᵀ): the HW × HW matrix is not needed, since there is no softmax in between.
        summary = torch.bmm(phi, g.transpose(1, 2)) / x[0, 0].numel()
        y = torch.bmm(summary.transpose(1, 2), theta).unflatten(2, x.shape[2:])
        out: Tensor = x + self.bn(self.out(y))
        return out


def insert(stage: nn.Sequential, *, after_last: int, channels: int) -> nn.Sequential:
    """The same stage with a non-local block after each of its last `after_last` blocks.

    The blocks keep their names, so that pretrained weights still fit.
    """
    blocks = list(stage.named_children())
    bare = len(blocks) - after_last
    parts: dict[str, nn.Module] = {}
    for i, (name, block) in enumerate(blocks):
        parts[name] = block
        if i >= bare:
            parts[f"non_local{name}"] = NonLocal(channels)
    return named_sequence(parts)


def named_sequence(parts: dict[str, nn.Module]) -> nn.Sequential:
    """An `nn.Sequential` whose children have these names."""
    sequence = nn.Sequential()
    for name, module in parts.items():
        sequence.add_module(name, module)
    return sequence
