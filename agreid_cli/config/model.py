"""`[train.model]` and `[train.loss]`: the network and its losses."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from agreid_cli.config.base import Frozen, auto_or, sizes


class ModelConfig(Frozen):
    """A backbone of `nn/backbones` (or `timm:<name>`) and a head of `nn/heads`."""

    backbone: str = "resnet50"
    head: str = "bot"
    weights: str = "imagenet"  # imagenet, shipped, none, or a file: .safetensors, .pth
    size: sizes = (256, 128)  # height, width in pixels; 384x128 on the command line
    last_stride: Literal[1, 2] = 1  # stride of a ResNet's layer4
    ibn: bool = False  # instance-batch normalisation (IBN), ResNet only
    non_local: bool = False  # non-local blocks in layer2 and layer3, ResNet only
    #: avg: mean of the map; gem: generalised mean with a learnable power (map ≥ 0); token: a ViT's class
    #: token.
    pool: Literal["avg", "gem", "token"] = "avg"
    #: Width of the fully connected layer with batch norm and ReLU after pooling, as in torchreid's OSNet;
    #: 0: none; auto: as in the weight file, and recorded in the run's config.toml.
    fc: Annotated[int | Literal["auto"], auto_or(0)] = "auto"
    gem_p: float = Field(3.0, ge=1)  # initial value of the learnable power
    drop_path: float = Field(0.0, ge=0, lt=1)
    part_channels: int = Field(256, ge=1)  # channels of each MGN embedding
    #: Features compared by the metric loss, and features that are ranked: before or after the BatchNorm neck.
    metric_feature: Literal["before", "after"] = "before"
    embedding: Literal["before", "after"] = "after"
    channels_last: bool | Literal["auto"] = True  # auto: on a CPU the quicker of a few timed steps
    compile: bool | Literal["auto"] = "auto"  # auto: on a GPU if worthwhile

    @field_validator("size")
    @classmethod
    def _not_tiny(cls, value: tuple[int, int]) -> tuple[int, int]:
        if min(value) < 32:
            raise PydanticCustomError("size", "height and width must be at least 32 pixels")
        return value

    @model_validator(mode="after")
    def _fits(self) -> ModelConfig:
        if self.fc not in ("auto", 0) and self.head == "mgn":
            raise PydanticCustomError(
                "fc", "fc: mgn narrows each part's vector itself; use fc=0, or head bot or sbs"
            )
        return self


class TripletConfig(Frozen):
    """Batch-hard triplet loss on Euclidean distances, or all pairs weighted by a softmax."""

    kind: Literal["none", "margin", "soft", "weighted"] = "margin"  # soft: log(1 + e^(d_ap − d_an))
    margin: float = Field(0.3, ge=0)  # of kind margin only
    weight: float = Field(1.0, ge=0)
    normalise: bool = False  # L2-normalise the features first


class TermConfig(Frozen):
    """A further term of the loss, of `training/terms`."""

    weight: float = Field(1.0, ge=0)
    options: dict[str, Any] = Field(default_factory=dict)


class LossConfig(Frozen):
    """Total = ce_weight · cross entropy + triplet.weight · triplet + Σ weight · term.

    Each is a weighted sum over the head's outputs.
    """

    classifier: Literal["linear", "circle"] = "linear"
    scale: float = Field(64.0, gt=0)  # s of the circle softmax
    margin: float = Field(0.35, ge=0, lt=1)  # m of the circle softmax
    ce_weight: float = Field(1.0, ge=0)
    label_smoothing: float = Field(0.1, ge=0, lt=1)  # ε; each wrong identity gets ε/(C−1)
    triplet: TripletConfig = TripletConfig()
    #: By name: --set loss.terms={center={weight=0.0005}}
    terms: dict[str, TermConfig] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _something(self) -> LossConfig:
        triplet = self.triplet.weight and self.triplet.kind != "none"
        if not (self.ce_weight or triplet or any(term.weight for term in self.terms.values())):
            raise PydanticCustomError("no_loss", "ce_weight and triplet.weight are both zero")
        return self
