"""The specification of a model as plain data, and checks that need no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agreid_cli.errors import InputError, did_you_mean
from agreid_cli.nn.backbones import BACKBONES, TIMM
from agreid_cli.nn.heads import FC_HEADS, HEADS

if TYPE_CHECKING:
    from agreid_cli.config.model import LossConfig, ModelConfig

#: Options known to some backbones only, and their neutral values.
NEUTRAL: dict[str, Any] = {"last_stride": 1, "ibn": False, "non_local": False, "drop_path": 0.0}
#: `model.fc`: as in the weight file.
AUTO = "auto"
POOLINGS = ("auto", "avg", "gem", "token")


@dataclass(frozen=True)
class ModelSpec:
    """backbone, head: names of the tables. size: (height, width) of the images in pixels.

    weights: "none", "imagenet" (timm's cache, else its hub), "shipped", or the path of a .safetensors, .pth
    or .pt file. pooling: auto, avg, gem or token. fc: width of a fully connected layer behind the pooling, 0
    for none, or auto: as the weight file has it. The options are keywords of the backbone's and the head's
    maker.
    """

    backbone: str
    head: str
    size: tuple[int, int] = (256, 128)
    weights: str = "none"
    pooling: str = "auto"
    fc: int | str = AUTO
    backbone_options: Mapping[str, Any] = field(default_factory=dict)
    head_options: Mapping[str, Any] = field(default_factory=dict)


def spec_from(model: ModelConfig, loss: LossConfig) -> ModelSpec:
    """The specification given by a configuration.

    An option that the backbone does not know is passed on, and refused there, unless it has its neutral
    value.
    """
    chosen = {name: getattr(model, name) for name in NEUTRAL}
    head: dict[str, Any] = {
        "gem_p": model.gem_p,
        "metric_feature": model.metric_feature,
        "embedding": model.embedding,
        "classifier": loss.classifier,
        "scale": loss.scale,
        "margin": loss.margin,
    }
    if model.head == "mgn":
        head["part_channels"] = model.part_channels
    return ModelSpec(
        model.backbone,
        model.head,
        size=model.size,
        weights=model.weights,
        pooling=model.pool,
        fc=model.fc,
        backbone_options={name: value for name, value in chosen.items() if value != NEUTRAL[name]},
        head_options=head,
    )


def check_spec(spec: ModelSpec) -> None:
    """Raise `InputError` for names in no table; the backbone itself refuses what it does not allow."""
    if spec.backbone not in BACKBONES and not spec.backbone.startswith(TIMM):
        choices = [*BACKBONES, f"{TIMM}NAME"]
        raise InputError(f"unknown backbone '{spec.backbone}'{did_you_mean(spec.backbone, choices)}")
    if spec.head not in HEADS:
        raise InputError(f"unknown head '{spec.head}'{did_you_mean(spec.head, HEADS)}")
    if spec.pooling not in POOLINGS:
        raise InputError(f"unknown pooling '{spec.pooling}'{did_you_mean(spec.pooling, POOLINGS)}")
    if spec.fc not in (AUTO, 0) and spec.head not in FC_HEADS:
        raise fc_refusal(spec.head)


def fc_refusal(head: str) -> InputError:
    """MGN reduces the channels of each part itself."""
    return InputError(
        f"the head {head} does not use a fully connected layer after pooling: it has one for each part",
        hint=f"Use model.fc=0, or another head: {', '.join(FC_HEADS)}.",
    )
