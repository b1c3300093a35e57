"""The explainable stream: a second network on a frozen re-ID model that locates each attribute.

It shares the frozen stem, followed by its own late stages, whose features the attribute
decomposition head turns into M maps. The re-ID model's own feature map, weighted by each map, passes through
the model's own frozen pooling and neck: M vectors, whose distances are the parts of the model's distance
(§IV-B).

A third stream, with its own late stages, recognises the attributes, independently of the maps. With `shared`
(our variant) it uses the late stages of the maps instead: these then also learn from attribute labels, not
only from distances. With `boxed` (also ours) its logits are added to those of the crop's box, whose shape and
position resizing removes. Maps and distances do not depend on the box.

Nothing in the re-ID model changes: no gradients, no batch statistics.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from agreid_cli.errors import InputError
from agreid_cli.nn.activation import activation
from agreid_cli.nn.backbones.backbone import Backbone, Three
from agreid_cli.nn.boxed import Boxed
from agreid_cli.nn.model import ReidModel
from agreid_cli.nn.pooled import attribute_pooling
from agreid_cli.records.side import BOX, Side


@dataclass(frozen=True)
class Explained:
    """The output of the stream for B crops.

    base: B×D, the re-ID model's embedding. maps: B×M×H×W, positive. vectors: B×M×D, one per map.
    attributes: B×M logits.
    """

    base: Tensor
    maps: Tensor
    vectors: Tensor
    attributes: Tensor


class ExplainStream(nn.Module):
    """`teacher` is frozen and stays in eval mode, whatever mode this module is in.

    scale, growth: K and T of Eq. 1. from_teacher: initialise the new late stages as copies of the teacher's
    trained ones rather than from the backbone's initial weights, which may be random. shared: attributes are
    recognised from the maps' late stages. boxed: attributes are recognised from the box of the crop too.
    reduction: the decomposition head has C/reduction channels.

    Raises `InputError` for a teacher without exactly one map and one vector to decompose.
    """

    teacher: ReidModel
    power: float

    def __init__(
        self,
        teacher: ReidModel,
        *,
        n_bits: int,
        scale: float = 1.0,
        growth: float = 0.5,
        from_teacher: bool = False,
        shared: bool = False,
        boxed: bool = False,
        reduction: int = 8,
    ) -> None:
        super().__init__()
        check_teacher(teacher.head)
        channels = teacher.backbone.channels
        inner = max(channels // reduction, 1)

        def late_stages() -> nn.Module:
            own = teacher.head.tail if from_teacher else None
            return copy.deepcopy(own) if own is not None else teacher.backbone.make_tail()

        self.tail = late_stages()
        self.decompose = nn.Sequential(
            nn.Conv2d(channels, inner, 3, padding=1, bias=False), nn.Conv2d(inner, n_bits, 1, bias=False)
        )
        self.recognise_tail = None if shared else late_stages()
        self.recognise = nn.Linear(channels, n_bits, bias=False)
        self.boxed = Boxed(n_bits) if boxed else None
        for module in (self.tail, self.recognise_tail):
            if module is not None:
                module.requires_grad_(True)
        self.teacher = teacher.requires_grad_(False)
        self.n_bits, self.scale, self.growth = n_bits, scale, growth
        self._read_power()
        self.register_load_state_dict_post_hook(ExplainStream._read_power)
        self.train(self.training)

    def train(self, mode: bool = True) -> ExplainStream:
        """As usual, except for the teacher, whose batch norms must keep their statistics."""
        super().train(mode)
        self.teacher.eval()
        return self

    @property
    def backbone(self) -> Backbone:
        """The teacher's."""
        return self.teacher.backbone

    @property
    def needs(self) -> frozenset[str]:
        """The side information that the teacher needs: all that embeddings and maps depend on."""
        return self.teacher.needs

    @property
    def reads(self) -> frozenset[str]:
        """The side information for the whole output."""
        return self.needs | ({BOX} if self.boxed is not None else frozenset())

    @property
    def mean(self) -> Three:
        """The teacher's."""
        return self.teacher.mean

    @property
    def std(self) -> Three:
        """The teacher's."""
        return self.teacher.std

    def forward(self, images: Tensor, side: Side | None = None, labels: Tensor | None = None) -> Explained:
        """images: float B×3×H×W, normalised for the teacher's backbone. The labels are ignored."""
        hidden, features, base, seen, maps = self._mapped(images, side)
        pooled = attribute_pooling(features, maps, p=self.power)
        if self.recognise_tail is not None:
            seen = self._recognised_from(hidden)
        attributes = self.recognise(seen.float().mean((2, 3)))
        if self.boxed is not None:
            attributes = attributes + self.boxed(side)
        return Explained(base, maps, self._neck(pooled), attributes.float())

    def features(self, images: Tensor, side: Side | None = None) -> Tensor:
        """B×C×H×W: the re-ID model's feature map, before pooling."""
        features: Tensor = self.teacher.head.tail(self.teacher.backbone(images, side)).grid
        return features

    def embed_features(self, features: Tensor) -> Tensor:
        """B×C×H×W to B×D: what is ranked, from the feature map."""
        return self._ranked(self.teacher.head.pooling.grid(features)).float()

    def weighted(self, features: Tensor, maps: Tensor) -> Tensor:
        """B×C×H×W and B×M×H×W to B×M×D: one vector for each map, as in `forward`."""
        return self._neck(attribute_pooling(features, maps, p=self.power))

    def evidence(self, images: Tensor, side: Side | None = None) -> Tensor:
        """B×M×H×W: what the pixels of each position say for an attribute, or against it where it is negative.

        The mean over positions is the logit, without what the box tells (class activation maps; Zhou et al.,
        CVPR 2016).
        """
        return self._evidence(self.teacher.backbone(images, side))

    def features_and_evidence(self, images: Tensor, side: Side | None = None) -> tuple[Tensor, Tensor]:
        """`features` and `evidence`, with one pass through the common stem."""
        hidden = self.teacher.backbone(images, side)
        return self.teacher.head.tail(hidden).grid, self._evidence(hidden)

    def part(self, images: Tensor, side: Side | None, bit: Tensor) -> tuple[Tensor, Tensor]:
        """`base` and the one vector of `bit` (B,) of `forward`, B×D each, without those of the other bits."""
        _, features, base, _, maps = self._mapped(images, side)
        own = maps[torch.arange(len(bit), device=bit.device), bit].unsqueeze(1)
        return base, self.weighted(features, own)[:, 0]

    def embed(self, images: Tensor, side: Side | None = None) -> Tensor:
        """B×D, what is ranked: exactly the teacher's own embedding."""
        return self.teacher.embed(images, side)

    def _mapped(self, images: Tensor, side: Side | None) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """The output of the stem, the re-ID model's feature map and embedding, the features of the own late
        stages, and the maps made of them."""
        head = self.teacher.head
        with torch.no_grad():
            hidden = self.teacher.backbone(images, side)
            features = head.tail(hidden)
            base = self._ranked(head.pooling(features)).float()
        seen = self.tail(hidden).grid
        maps = activation(self.decompose(seen).float(), scale=self.scale, growth=self.growth)
        return hidden, features.grid, base, seen, maps

    def _recognised_from(self, hidden: Tensor) -> Tensor:
        """From the output of the stem, the features from which attributes are recognised."""
        tail = self.tail if self.recognise_tail is None else self.recognise_tail
        seen: Tensor = tail(hidden).grid
        return seen

    def _evidence(self, hidden: Tensor) -> Tensor:
        seen = self._recognised_from(hidden).float()
        found: Tensor = torch.einsum("mc,bchw->bmhw", self.recognise.weight, seen)
        return found

    def _read_power(self, *_: object) -> None:
        """The power of the teacher's pooling as a number.

        It is frozen, so it is read when weights are loaded and not in every step: reading makes a GPU
        synchronise.
        """
        self.power = float(self.teacher.head.pooling.p)

    def _neck(self, pooled: Tensor) -> Tensor:
        """Fc layer and frozen neck on every vector: B×M×C → B×M×D, float32, if the model ranks after it."""
        with torch.autocast(pooled.device.type, enabled=False):
            vectors = self._ranked(pooled.flatten(0, 1).float())
        # The number of images is left open: traced for ONNX, it would become that of the example.
        return vectors.unflatten(0, (-1, pooled.shape[1]))

    def _ranked(self, pooled: Tensor) -> Tensor:
        """From the pooled vector, through the fc layer, to the ranked one, before or after the neck."""
        head = self.teacher.head
        behind: Tensor = head.fc(pooled).float()
        vectors: Tensor = head.neck(behind) if head.embedding_after else behind
        return vectors


def check_teacher(head: nn.Module) -> None:
    """`InputError` unless the head pools one feature map into the single vector that is ranked."""
    if not all(hasattr(head, part) for part in ("tail", "pooling", "neck")):
        raise several_vectors()
    if head.pooling.kind == "token":
        raise class_token()


def several_vectors() -> InputError:
    """The error for MGN."""
    return InputError(
        "this re-ID model ranks several concatenated vectors (MGN), but an attribute map needs one",
        hint="Heads that can be explained: bot and sbs, with model.pool=gem or avg; e.g. the recipe bot-vit.",
    )


def class_token() -> InputError:
    """The error for a ViT that is ranked by its class token."""
    return InputError(
        "this re-ID model ranks the class token, which maps over the image cannot decompose",
        hint="Heads that can be explained: bot and sbs, with model.pool=gem or avg; e.g. the recipe bot-vit.",
    )
