"""A BNNeck and a classifier as one part, which the token-based heads put on each of their vectors."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from agreid_cli.nn.heads.classifiers import make_neck


class Necked(nn.Module):
    """vector → batch norm without shift → linear classifier without bias.

    std: of the classifier's starting weights (0.01 in fast-reid and its forks, 0.001 in TransReID).
    """

    def __init__(self, width: int, classes: int, *, std: float = 0.01) -> None:
        super().__init__()
        self.neck = make_neck(width)
        self.classifier = nn.Parameter(torch.empty(classes, width).normal_(std=std))

    def forward(self, vectors: Tensor) -> Tensor:
        """B×D behind the neck."""
        after: Tensor = self.neck(vectors)
        return after

    def logits(self, after: Tensor) -> Tensor:
        """B×classes, of vectors behind the neck."""
        return nn.functional.linear(after.to(self.classifier.dtype), self.classifier)
