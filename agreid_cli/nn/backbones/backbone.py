"""The backbone interface: a stem, and late stages that are copied into tails."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, replace

from torch import Tensor, nn

from agreid_cli.errors import InputError
from agreid_cli.nn.fc import PREFIX, make_fc
from agreid_cli.records.side import Side

Three = tuple[float, float, float]
IMAGENET_MEAN: Three = (0.485, 0.456, 0.406)
IMAGENET_STD: Three = (0.229, 0.224, 0.225)
#: Modules that only wrap parts of the network that they come from; not part of a weight's usual name.
WRAPPER = re.compile(r"^(?:net|first|late)\.")


@dataclass(frozen=True)
class Traits:
    """Properties of a backbone, stated here only.

    channels: C of the grid. nonnegative: the grid is ≥ 0, so that GeM can pool it.
    mean, std: for normalising images with values 0..1. pretrained: timm's name of its usual weights.
    has_token: whether its feature maps have a class token. fc: width of the fully connected layer after
    pooling, 0 for none. needs: the side information that its stem takes, of `camera` and `view`. grid: rows
    and columns of a transformer's patches.
    """

    channels: int
    nonnegative: bool
    mean: Three = IMAGENET_MEAN
    std: Three = IMAGENET_STD
    pretrained: str | None = None
    has_token: bool = False
    fc: int = 0
    needs: frozenset[str] = frozenset()
    grid: tuple[int, int] | None = None

    def check_pooling(self, kind: str) -> None:
        """Raise `InputError` for a pooling that these features do not allow."""
        if kind == "gem" and not self.nonnegative:
            # GeM clamps at 1e-6, so it would drop the negative half (method.md §1.10).
            raise InputError(
                "model.pool=gem: the features of this backbone may be negative, and GeM would drop that half",
                hint="Use model.pool=avg.",
            )
        if kind == "token" and not self.has_token:
            raise InputError("model.pool=token: this backbone has no class token", hint="Use model.pool=avg.")


class Tail(nn.Module):
    """Late stages, hidden → FeatureMap."""

    def restride(self, stride: int) -> None:
        """Set the stride of the last stage; nothing to do if it is already 1."""
        if stride != 1:
            raise ValueError(f"this backbone's last stage has stride 1, not {stride}")

    def take_first(self) -> nn.Module:
        """Remove and return the part that parallel branches share (MGN); by default nothing."""
        return nn.Identity()


class Backbone(nn.Module):
    """`stem` is trained directly; the late stages are a template that tails are copied from.

    The template is not a registered module: the model's parameters are those of the stem and the tails,
    without any that are never trained. It stays on the device where it was created (the CPU), so call
    `make_tail` first.
    """

    def __init__(self, stem: nn.Module, late: Tail, traits: Traits) -> None:
        super().__init__()
        self.stem = stem
        self.__dict__["_late"] = late
        self.__dict__["_fc"] = nn.Identity()
        self.traits = traits
        self.channels = traits.channels
        self.mean, self.std = traits.mean, traits.std

    def make_tail(self, *, stride: int | None = None) -> Tail:
        """A new tail with its own copy of the late stages; `stride` of its last stage if not the default."""
        tail: Tail = copy.deepcopy(self.__dict__["_late"])
        if stride is not None:
            tail.restride(stride)
        return tail

    @property
    def width(self) -> int:
        """Width of the input of a head's neck: the pooled map, after the fc layer if there is one."""
        return self.traits.fc or self.channels

    def add_fc(self, width: int) -> None:
        """Add a fully connected layer of this width after pooling."""
        self.__dict__["_fc"] = make_fc(self.channels, width)
        self.traits = replace(self.traits, fc=width)

    def make_fc(self) -> nn.Module:
        """A new copy of the fully connected layer; the identity if there is none."""
        layer: nn.Module = copy.deepcopy(self.__dict__["_fc"])
        return layer

    def named_weights(self) -> dict[str, Tensor]:
        """Parameters and buffers of stem, late stages and fc layer, under their published names."""
        late, fc = self.__dict__["_late"], self.__dict__["_fc"]
        both = {**self.stem.state_dict(), **late.state_dict(), **fc.state_dict(prefix=PREFIX)}
        return {WRAPPER.sub("", name): tensor for name, tensor in both.items()}

    def forward(self, images: Tensor, side: Side | None = None) -> Tensor:
        """The hidden state. A stem that needs side information is called as `stem(images, side)`."""
        hidden: Tensor = self.stem(images, side) if self.traits.needs else self.stem(images)
        return hidden
