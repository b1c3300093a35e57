"""MobileNetV2 without its last 1×1 convolution: 1.81 M parameters and 320 channels, for CPUs."""

from __future__ import annotations

from typing import Any

from torch import nn

from agreid_cli.nn.backbones.backbone import Backbone, Tail, Traits
from agreid_cli.nn.backbones.non_local import named_sequence
from agreid_cli.nn.outputs import FeatureMap

PRETRAINED = "mobilenetv2_100"
#: Stages of the stem. The tail has the last three: 96, 160 and 320 channels.
EARLY = 4


class MobileNetTail(Tail):
    """The last three stages; grid at 1/16 of the image with last stride 1, at 1/32 with 2."""

    def __init__(self, blocks: nn.Sequential) -> None:
        super().__init__()
        self.blocks = blocks

    def forward(self, hidden: Any) -> FeatureMap:
        return FeatureMap(self.blocks(hidden))

    def restride(self, stride: int) -> None:
        """The stride is in the depthwise convolution that begins the stage before the last."""
        before_last: Any = self.blocks[-2]
        before_last[0].conv_dw.stride = (stride, stride)

    def take_first(self) -> nn.Module:
        """The stage of 96 channels, which is part of MGN's common trunk; its name is unchanged."""
        (name, first), *rest = self.blocks.named_children()
        self.blocks = named_sequence(dict(rest))
        return named_sequence({"blocks": named_sequence({name: first})})


def mobilenetv2(*, size: tuple[int, int], last_stride: int = 1, drop_path: float = 0.0) -> Backbone:
    """MobileNetV2 (Sandler et al., CVPR 2018) of timm up to its last block; any `size` (height, width).

    The last convolution to 1,280 channels is left out: it holds a fifth of the parameters, and its only
    purpose is the classifier of ImageNet.
    """
    import timm

    net = timm.create_model(PRETRAINED, pretrained=False, num_classes=0, drop_path_rate=drop_path)
    stages = dict(net.blocks.named_children())
    names = list(stages)
    stem = named_sequence(
        {
            "conv_stem": net.conv_stem,
            "bn1": net.bn1,
            "blocks": named_sequence({name: stages[name] for name in names[:EARLY]}),
        }
    )
    tail = MobileNetTail(named_sequence({name: stages[name] for name in names[EARLY:]}))
    tail.restride(last_stride)
    config = net.pretrained_cfg
    return Backbone(stem, tail, Traits(320, False, config["mean"], config["std"], PRETRAINED))
