"""A BNNeck and a classifier as one module, used by the token-based heads for each of their vectors."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from agreid_cli.nn.heads.classifiers import make_neck


class Necked(nn.Module):
    """vector → batch norm without shift → linear classifier without bias.

    std: of the classifier's initial weights (0.01 in fast-reid and its forks, 0.001 in TransReID).
    """

    def __init__(self, width: int, classes: int, *, std: float = 0.01) -> None:
        super().__init__()
        self.neck = make_neck(width)
        self.classifier = nn.Parameter(torch.empty(classes, width).normal_(std=std))

    def forward(self, vectors: Tensor) -> Tensor:
        """B×D after the neck."""
        after: Tensor = self.neck(vectors)
        return after

    def logits(self, after: Tensor) -> Tensor:
        """B×classes, for vectors after the neck."""
        return nn.functional.linear(after.to(self.classifier.dtype), self.classifier)
