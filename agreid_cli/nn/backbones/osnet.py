"""OSNet (Zhou et al., ICCV 2019), implemented from the paper, with the authors' weight names.

A residual block combines four scales: streams of one to four light 3×3 convolutions, weighted per
channel by one shared gate. Stem: conv1 to conv3. Tails: conv4 and conv5; grid at 1/16.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from agreid_cli.nn.backbones.backbone import Backbone, Tail, Traits
from agreid_cli.nn.backbones.non_local import named_sequence
from agreid_cli.nn.outputs import FeatureMap

STREAMS = "abcd"
Widths = tuple[int, int, int, int]
NORMS: dict[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "instance": lambda channels: nn.InstanceNorm2d(channels, affine=True),
    "none": nn.Identity,
}


class ConvBlock(nn.Module):
    """Convolution, norm and, unless `linear`, ReLU; the size is kept if the stride is 1.

    norm: "batch", "instance" or "none".
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int = 1,
        stride: int = 1,
        linear: bool = False,
        norm: str = "batch",
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)
        self.bn = NORMS[norm](outputs)
        self.relu = nn.Identity() if linear else nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.relu(self.bn(self.conv(x)))
        return out


class LightConv3x3(nn.Module):
    """Lite 3×3: a pointwise convolution, then a depthwise one, then norm and ReLU (paper, Fig. 3b)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.relu(self.bn(self.conv2(self.conv1(x))))
        return out


class ChannelGate(nn.Module):
    """x times a weight 0..1 per channel, computed from the average over all positions."""

    def __init__(self, channels: int, *, reduction: int = 16) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1)
        self.relu = nn.ReLU()
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.fc2(self.relu(self.fc1(x.mean((2, 3), keepdim=True)))).sigmoid()
        out: Tensor = x * weight
        return out


class OSBlock(nn.Module):
    """The omni-scale residual block (paper, Eq. 4 and Fig. 4).

    instance: an instance norm before the last ReLU (OSNet-IBN).
    """

    def __init__(self, inputs: int, outputs: int, *, instance: bool = False) -> None:
        super().__init__()
        inner = outputs // 4
        self.conv1 = ConvBlock(inputs, inner)
        self.conv2a = LightConv3x3(inner)
        for depth, stream in enumerate(STREAMS[1:], start=2):
            self.add_module(f"conv2{stream}", nn.Sequential(*(LightConv3x3(inner) for _ in range(depth))))
        self.gate: nn.Module = ChannelGate(inner)
        self.conv3 = ConvBlock(inner, outputs, linear=True)
        self.downsample = ConvBlock(inputs, outputs, linear=True) if inputs != outputs else nn.Identity()
        self.IN = NORMS["instance"](outputs) if instance else nn.Identity()
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        narrow = self.conv1(x)
        fused = self.gate(self.conv2a(narrow))
        for stream in STREAMS[1:]:
            fused = fused + self.gate(getattr(self, f"conv2{stream}")(narrow))
        out: Tensor = self.relu(self.IN(self.conv3(fused) + self.downsample(x)))
        return out


class OSNetTail(Tail):
    """conv4 and conv5."""

    def __init__(self, conv4: nn.Module, channels: int) -> None:
        super().__init__()
        self.conv4 = conv4
        self.conv5 = ConvBlock(channels, channels)

    def forward(self, hidden: Tensor) -> FeatureMap:
        return FeatureMap(self.conv5(self.conv4(hidden)))


def osnet_x1_0(*, size: tuple[int, int]) -> Backbone:
    """2.2 M parameters, 512 channels. Any `size` (height, width)."""
    return _osnet((64, 256, 384, 512))


def osnet_x0_75(*, size: tuple[int, int]) -> Backbone:
    """Three quarters of the width: 384 channels. Any `size` (height, width)."""
    return _osnet((48, 192, 288, 384))


def osnet_x0_5(*, size: tuple[int, int]) -> Backbone:
    """Half the width: 256 channels. Any `size` (height, width)."""
    return _osnet((32, 128, 192, 256))


def osnet_x0_25(*, size: tuple[int, int]) -> Backbone:
    """A quarter of the width: 128 channels, 0.14 M parameters. Any `size` (height, width)."""
    return _osnet((16, 64, 96, 128))


def osnet_ibn_x1_0(*, size: tuple[int, int]) -> Backbone:
    """OSNet-IBN: x1.0 with instance norms in conv1 and conv2. Any `size` (height, width)."""
    return _osnet((64, 256, 384, 512), instance=True)


def assemble(stem: dict[str, nn.Module], conv4: nn.Module, channels: int) -> Backbone:
    """A randomly initialised backbone from the stem's named parts, `conv4` and conv5."""
    early, tail = named_sequence(stem), OSNetTail(conv4, channels)
    for module in (*early.modules(), *tail.modules()):
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return Backbone(early, tail, Traits(channels, nonnegative=True))


def halve(channels: int) -> nn.Sequential:
    """The transition layer: a pointwise convolution, then 2×2 average pooling."""
    return nn.Sequential(ConvBlock(channels, channels), nn.AvgPool2d(2, stride=2))


def _osnet(widths: Widths, *, instance: bool = False) -> Backbone:
    first, second, third, fourth = widths
    norm = "instance" if instance else "batch"
    stem: dict[str, nn.Module] = {
        "conv1": ConvBlock(3, first, kernel=7, stride=2, norm=norm),
        "maxpool": nn.MaxPool2d(3, stride=2, padding=1),
        "conv2": nn.Sequential(
            OSBlock(first, second, instance=instance),
            OSBlock(second, second, instance=instance),
            halve(second),
        ),
        "conv3": nn.Sequential(OSBlock(second, third), OSBlock(third, third), halve(third)),
    }
    return assemble(stem, nn.Sequential(OSBlock(third, fourth), OSBlock(fourth, fourth)), fourth)
