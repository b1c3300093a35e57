"""OSNet-AIN (Zhou et al., TPAMI 2021): OSNet with instance norms where the authors' search put them.

Implemented from the paper, with the authors' weight names.
"""

from __future__ import annotations

from torch import Tensor, nn

from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.backbones.osnet import (
    NORMS,
    STREAMS,
    ChannelGate,
    ConvBlock,
    LightConv3x3,
    Widths,
    assemble,
    halve,
)


class Stream(nn.Module):
    """A sequence of `depth` light 3×3 convolutions."""

    def __init__(self, channels: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(LightConv3x3(channels) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out


class AINBlock(nn.Module):
    """The omni-scale block; `inner`: the residual ends with an instance norm instead of the batch norm."""

    def __init__(self, inputs: int, outputs: int, *, inner: bool) -> None:
        super().__init__()
        narrow = outputs // 4
        self.conv1 = ConvBlock(inputs, narrow)
        self.conv2 = nn.ModuleList(Stream(narrow, depth) for depth in range(1, len(STREAMS) + 1))
        self.gate = ChannelGate(narrow)
        self.conv3 = ConvBlock(narrow, outputs, linear=True, norm="none" if inner else "batch")
        self.IN = NORMS["instance" if inner else "none"](outputs)
        self.downsample = ConvBlock(inputs, outputs, linear=True) if inputs != outputs else nn.Identity()
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        narrow = self.conv1(x)
        first, *others = self.conv2
        fused = self.gate(first(narrow))
        for stream in others:
            fused = fused + self.gate(stream(narrow))
        out: Tensor = self.relu(self.IN(self.conv3(fused)) + self.downsample(x))
        return out


def osnet_ain_x1_0(*, size: tuple[int, int]) -> Backbone:
    """2.2 M parameters, 512 channels. Any `size` (height, width)."""
    return _ain((64, 256, 384, 512))


def osnet_ain_x0_75(*, size: tuple[int, int]) -> Backbone:
    """Three quarters of the width: 384 channels. Any `size` (height, width)."""
    return _ain((48, 192, 288, 384))


def osnet_ain_x0_5(*, size: tuple[int, int]) -> Backbone:
    """Half the width: 256 channels. Any `size` (height, width)."""
    return _ain((32, 128, 192, 256))


def osnet_ain_x0_25(*, size: tuple[int, int]) -> Backbone:
    """A quarter of the width: 128 channels. Any `size` (height, width)."""
    return _ain((16, 64, 96, 128))


def _ain(widths: Widths) -> Backbone:
    first, second, third, fourth = widths
    stem: dict[str, nn.Module] = {
        "conv1": ConvBlock(3, first, kernel=7, stride=2, norm="instance"),
        "maxpool": nn.MaxPool2d(3, stride=2, padding=1),
        "conv2": _two(first, second, inner=(True, True)),
        "pool2": halve(second),
        "conv3": _two(second, third, inner=(False, True)),
        "pool3": halve(third),
    }
    return assemble(stem, _two(third, fourth, inner=(True, False)), fourth)


def _two(inputs: int, outputs: int, *, inner: tuple[bool, bool]) -> nn.Sequential:
    return nn.Sequential(
        AINBlock(inputs, outputs, inner=inner[0]), AINBlock(outputs, outputs, inner=inner[1])
    )
