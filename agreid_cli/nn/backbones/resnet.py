"""ResNet-50, and timm networks with the same structure: stem up to layer2, tails of layer3 and layer4."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from agreid_cli.nn.backbones import ibn as ibn_a
from agreid_cli.nn.backbones import non_local as nl
from agreid_cli.nn.backbones.backbone import Backbone, Tail, Traits
from agreid_cli.nn.outputs import FeatureMap

#: torchvision's first ImageNet weights, used by the published re-ID recipes.
PRETRAINED = "resnet50.tv_in1k"


class ResNetTail(Tail):
    """layer3 and layer4; grid at 1/16 of the image with last stride 1, at 1/32 with 2."""

    def __init__(self, layer3: nn.Sequential, layer4: nn.Sequential) -> None:
        super().__init__()
        self.layer3 = layer3
        self.layer4 = layer4

    def forward(self, hidden: Tensor) -> FeatureMap:
        return FeatureMap(self.layer4(self.layer3(hidden)))

    def restride(self, stride: int) -> None:
        """The stride is in the first block of layer4, in its main branch and in its shortcut."""
        first: Any = self.layer4[0]
        branch = first.conv2 if hasattr(first, "conv3") else first.conv1
        branch.stride = (stride, stride)
        for name, module in first.downsample.named_children():
            if isinstance(module, nn.Conv2d) and not _pools(first.downsample):
                module.stride = (stride, stride)
            elif isinstance(module, nn.AvgPool2d) and stride == 1:
                first.downsample.add_module(name, nn.Identity())

    def take_first(self) -> nn.Module:
        """layer3's first block, which is part of MGN's common trunk; its name is unchanged."""
        (name, first), *rest = self.layer3.named_children()
        self.layer3 = nl.named_sequence(dict(rest))
        return nl.named_sequence({"layer3": nl.named_sequence({name: first})})


def resnet50(
    *,
    size: tuple[int, int],
    last_stride: int = 1,
    ibn: bool = False,
    non_local: bool = False,
    drop_path: float = 0.0,
) -> Backbone:
    """ResNet-50 of timm, without classifier.

    ibn: IBN-a in layers 1 to 3. non_local: after the last 2 blocks of layer2 and the last 3 of layer3.
    Any `size` (height, width).
    """
    import timm

    net = timm.create_model(PRETRAINED, pretrained=False, num_classes=0, drop_path_rate=drop_path)
    if ibn:
        for stage in (net.layer1, net.layer2, net.layer3):
            ibn_a.with_ibn(stage)
    if non_local:
        net.layer2 = nl.insert(net.layer2, after_last=2, channels=512)
        net.layer3 = nl.insert(net.layer3, after_last=3, channels=1024)
    return cut(net, last_stride=last_stride, pretrained=PRETRAINED)


def cut(net: Any, *, last_stride: int, pretrained: str | None) -> Backbone:
    """A backbone from a timm network with conv1, bn1, act1, maxpool and layer1 to layer4."""
    early = ("conv1", "bn1", "act1", "maxpool", "layer1", "layer2")
    stem = nl.named_sequence({name: getattr(net, name) for name in early})
    tail = ResNetTail(net.layer3, net.layer4)
    tail.restride(last_stride)
    config = net.pretrained_cfg
    traits = Traits(net.num_features, _ends_in_relu(net), config["mean"], config["std"], pretrained)
    return Backbone(stem, tail, traits)


def _pools(downsample: nn.Module) -> bool:
    # "ResNet-D": a strided average pool precedes a 1×1 convolution without stride.
    return any(isinstance(module, nn.AvgPool2d) for module in downsample.children())


def _ends_in_relu(net: Any) -> bool:
    last = net.layer4[-1]
    return isinstance(getattr(last, "act3", getattr(last, "act2", None)), nn.ReLU)
