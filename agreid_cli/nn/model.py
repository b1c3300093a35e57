"""A re-ID network: a backbone's stem, and a head that owns its tails."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from agreid_cli.nn.backbones import make_backbone
from agreid_cli.nn.backbones.backbone import Backbone, Three
from agreid_cli.nn.heads import FC_HEADS, make_head
from agreid_cli.nn.outputs import HeadOutput
from agreid_cli.nn.spec import AUTO, ModelSpec, check_spec
from agreid_cli.nn.weights import WeightReport, load_pretrained
from agreid_cli.records.side import Side


class ReidModel(nn.Module):
    """Images: float B×3×H×W, RGB, normalised by `mean` and `std`; `needs` names the side information.

    `loaded` reports which pretrained weights were loaded; a run's checkpoint is loaded on top as usual.
    """

    def __init__(self, backbone: Backbone, head: nn.Module, *, loaded: WeightReport | None = None) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.loaded = loaded

    @property
    def needs(self) -> frozenset[str]:
        """The backbone's."""
        return self.backbone.traits.needs

    @property
    def mean(self) -> Three:
        """The backbone's, for values 0..1."""
        return self.backbone.mean

    @property
    def std(self) -> Three:
        """The backbone's, for values 0..1."""
        return self.backbone.std

    def forward(self, images: Tensor, side: Side | None = None, labels: Tensor | None = None) -> HeadOutput:
        """labels: int64 B, 0..n_ids−1; without them the logits are empty."""
        output: HeadOutput = self.head(self.backbone(images, side), labels)
        return output

    def embed(self, images: Tensor, side: Side | None = None) -> Tensor:
        """B×D, what is ranked; switch to eval mode first."""
        output: HeadOutput = self(images, side)
        return output.embedding


def build_model(spec: ModelSpec, n_ids: int) -> ReidModel:
    """A model built from `spec`, with classifiers for `n_ids` identities.

    Weights are loaded before the tails are copied, so every tail starts from them. Raises `InputError` for
    what `check_spec`, the makers or `load_pretrained` refuse.
    """
    check_spec(spec)
    backbone = make_backbone(spec.backbone, size=spec.size, **spec.backbone_options)
    if isinstance(spec.fc, int) and spec.fc:
        backbone.add_fc(spec.fc)
    find_fc = spec.fc == AUTO and spec.head in FC_HEADS
    loaded = load_pretrained(backbone, spec.weights, find_fc=find_fc)
    head = make_head(spec.head, backbone, n_ids=n_ids, pooling=spec.pooling, **spec.head_options)
    return ReidModel(backbone, head, loaded=loaded)


def check_model(spec: ModelSpec) -> None:
    """Raise `InputError` for everything `build_model` would refuse, except weights; allocates nothing."""
    check_spec(spec)
    with torch.device("meta"):
        backbone = make_backbone(spec.backbone, size=spec.size, **spec.backbone_options)
        if isinstance(spec.fc, int) and spec.fc:
            backbone.add_fc(spec.fc)
        make_head(spec.head, backbone, n_ids=2, pooling=spec.pooling, **spec.head_options)
