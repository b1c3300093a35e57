"""Pool a feature map into a vector: average, generalised mean, or the class token."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from agreid_cli.errors import InputError
from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.outputs import CLASS_TOKEN, FeatureMap


class Average(nn.Module):
    """The mean over all positions; GeM with p = 1, without its clamp."""

    kind = "avg"
    p = 1.0

    def forward(self, features: FeatureMap) -> Tensor:
        return self.grid(features.grid)

    def grid(self, grid: Tensor) -> Tensor:
        """B×C×H×W to B×C, float32."""
        return grid.float().mean((2, 3))


class GeM(nn.Module):
    """(mean over positions of x^p)^(1/p), one learnable p for all channels, float32 even under autocast.

    x is clamped at `eps` from below, so signed features would lose their negative half.
    """

    kind = "gem"

    def __init__(self, p: float = 3.0, *, eps: float = 1e-6) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor([p]))
        self.eps = eps

    def forward(self, features: FeatureMap) -> Tensor:
        return self.grid(features.grid)

    def grid(self, grid: Tensor) -> Tensor:
        """B×C×H×W to B×C, float32."""
        with torch.autocast(grid.device.type, enabled=False):
            return grid.float().clamp(min=self.eps).pow(self.p).mean((2, 3)).pow(1 / self.p)


class Token(nn.Module):
    """The class token; a part of the grid, which no token represents, is averaged."""

    kind = "token"

    def forward(self, features: FeatureMap) -> Tensor:
        return features.tokens[CLASS_TOKEN].float()

    def grid(self, grid: Tensor) -> Tensor:
        """B×C×H×W to B×C, float32."""
        return grid.float().mean((2, 3))


Pooling = Average | GeM | Token


def make_pooling(kind: str, backbone: Backbone, *, auto: str, gem_p: float) -> Pooling:
    """`kind` is auto, avg, gem or token; `auto` is the head's default if the backbone allows it; `gem_p`
    is the initial power of GeM.

    Raises `InputError` for GeM on a signed grid and for the token of a backbone without one.
    """
    if kind == "auto":
        kind = "avg" if auto == "gem" and not backbone.traits.nonnegative else auto
    backbone.traits.check_pooling(kind)
    if kind == "gem":
        return GeM(gem_p)
    if kind == "token":
        return Token()
    if kind == "avg":
        return Average()
    raise InputError(f"unknown pooling '{kind}'; allowed: auto, avg, gem, token")
