"""A re-ID network: a backbone's stem, and a head that owns its tails."""

from __future__ import annotations

from torch import Tensor, nn

from agreid_cli.nn.backbones import make_backbone
from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.heads import FC_HEADS, make_head
from agreid_cli.nn.outputs import HeadOutput
from agreid_cli.nn.spec import AUTO, ModelSpec, check_spec
from agreid_cli.nn.weights import WeightReport, load_weights


class ReidModel(nn.Module):
    """Images: float B×3×H×W, RGB, normalised by `backbone.mean` and `backbone.std`.

    `loaded` says which pretrained weights went in; a run's checkpoint is loaded over them as usual.
    """

    def __init__(self, backbone: Backbone, head: nn.Module, *, loaded: WeightReport | None = None) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.loaded = loaded

    def forward(self, images: Tensor, labels: Tensor | None = None) -> HeadOutput:
        """labels: int64 B, 0..n_ids−1; without them the logits are empty."""
        output: HeadOutput = self.head(self.backbone.stem(images), labels)
        return output

    def embed(self, images: Tensor) -> Tensor:
        """B×D, what is ranked; switch to eval mode first."""
        output: HeadOutput = self(images)
        return output.embedding


def build_model(spec: ModelSpec, n_ids: int) -> ReidModel:
    """A model as `spec` says, with classifiers for `n_ids` identities.

    Weights are loaded before the tails are cut, so every tail starts from them. Raises `InputError` for what
    `check_spec`, the makers or `load_weights` refuse.
    """
    check_spec(spec)
    backbone = make_backbone(spec.backbone, size=spec.size, **spec.backbone_options)
    if isinstance(spec.fc, int) and spec.fc:
        backbone.add_fc(spec.fc)
    find_fc = spec.fc == AUTO and spec.head in FC_HEADS
    loaded = load_weights(backbone, spec.weights, find_fc=find_fc)
    head = make_head(spec.head, backbone, n_ids=n_ids, pooling=spec.pooling, **spec.head_options)
    return ReidModel(backbone, head, loaded=loaded)
