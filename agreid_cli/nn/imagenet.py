"""A network behind ImageNet's normalisation, for programs that use no other, such as boxmot."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from agreid_cli.nn.backbones.backbone import IMAGENET_MEAN, IMAGENET_STD, Three
from agreid_cli.records.side import Side


class BehindImageNet(nn.Module):
    """`model`, fed with images that were normalised by ImageNet's mean and deviation instead of its own."""

    mean: Three = IMAGENET_MEAN
    std: Three = IMAGENET_STD

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        own_mean, own_std, mean, std = (
            torch.tensor(values).view(1, 3, 1, 1) for values in (model.mean, model.std, self.mean, self.std)
        )
        self.register_buffer("scale", std / own_std)
        self.register_buffer("shift", (mean - own_mean) / own_std)

    @property
    def needs(self) -> frozenset[str]:
        """The model's."""
        needs: frozenset[str] = self.model.needs
        return needs

    def embed(self, images: Tensor, side: Side | None = None) -> Tensor:
        """B×3×H×W to B×D, as the model embeds the same pixels."""
        embedding: Tensor = self.model.embed(images * self.scale + self.shift, side)
        return embedding


def is_imagenet(model: Any) -> bool:
    """Whether the network expects ImageNet's normalisation."""
    return (tuple(model.mean), tuple(model.std)) == (IMAGENET_MEAN, IMAGENET_STD)
