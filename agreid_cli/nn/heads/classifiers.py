"""Identity classifiers, and the batch norm before them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from agreid_cli.errors import InputError
from agreid_cli.nn.losses.circle import circle_logits


class Linear(nn.Module):
    """Plain logits, without bias."""

    def __init__(self, width: int, n_ids: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_ids, width).normal_(std=0.01))

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """B×D and B to B×n_ids."""
        return nn.functional.linear(vectors.to(self.weight.dtype), self.weight)


class Circle(nn.Module):
    """Circle softmax: see `losses.circle`."""

    def __init__(self, width: int, n_ids: int, *, scale: float, margin: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_ids, width).normal_(std=0.01))
        self.scale, self.margin = scale, margin

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """B×D and B to B×n_ids."""
        return circle_logits(vectors, self.weight, labels, scale=self.scale, margin=self.margin)


def make_classifier(kind: str, width: int, n_ids: int, *, scale: float, margin: float) -> Linear | Circle:
    """`kind` is linear or circle; `scale` and `margin` are the circle's."""
    if kind == "linear":
        return Linear(width, n_ids)
    if kind == "circle":
        return Circle(width, n_ids, scale=scale, margin=margin)
    raise InputError(f"unknown classifier '{kind}'; allowed: linear, circle")


def make_neck(width: int) -> nn.BatchNorm1d:
    """The BNNeck: its bias stays 0, so that class boundaries pass through the origin (BoT §3.5)."""
    neck = nn.BatchNorm1d(width)
    neck.bias.requires_grad_(False)
    return neck
