"""MGN (Wang et al., ACM MM 2018) as fast-reid trains it: three branches, eight parts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.heads.classifiers import make_classifier, make_neck
from agreid_cli.nn.heads.pooling import make_pooling
from agreid_cli.nn.outputs import HeadOutput

#: Branch i sees the whole figure and, from the second on, as many horizontal stripes.
STRIPES = (1, 2, 3)


class Part(nn.Module):
    """pooling → 1×1 convolution to `width` → BNNeck → classifier."""

    def __init__(
        self, backbone: Backbone, *, width: int, n_ids: int, pooling: str, **classifier: object
    ) -> None:
        super().__init__()
        self.pooling = make_pooling(pooling, backbone, auto="gem")
        # On one place, a 1×1 convolution is a linear layer.
        self.reduce = nn.Linear(backbone.channels, width, bias=False)
        nn.init.kaiming_normal_(self.reduce.weight, mode="fan_out")
        self.neck = make_neck(width)
        self.classifier = make_classifier(width=width, n_ids=n_ids, **classifier)  # type: ignore[arg-type]

    def vector(self, pooled: Tensor) -> Tensor:
        """B×C to B×width, after the neck."""
        out: Tensor = self.neck(self.reduce(pooled))
        return out


class MGN(nn.Module):
    """Embedding: b1, b2, b3, b21, b22, b31, b32, b33, each of `part_width`, side by side.

    Metric vectors: b1, b2, b3, b21‖b22 and b31‖b32‖b33. Every part has a classifier of its own.
    """

    def __init__(
        self, backbone: Backbone, *, n_ids: int, pooling: str, part_width: int, **classifier: object
    ) -> None:
        super().__init__()
        # The branches that look at stripes keep stride 1, whatever the backbone's last stride.
        tails = [backbone.make_tail(stride=None if stripes == 1 else 1) for stripes in STRIPES]
        shared = [tail.take_first() for tail in tails]
        self.trunk = shared[0]
        self.tails = nn.ModuleList(tails)

        def parts(count: int) -> nn.ModuleList:
            make = {"width": part_width, "n_ids": n_ids, "pooling": pooling, **classifier}
            return nn.ModuleList(Part(backbone, **make) for _ in range(count))

        self.whole = parts(len(STRIPES))
        self.stripes = nn.ModuleList(parts(count) for count in STRIPES[1:])
        self.embedding_dim = part_width * (len(STRIPES) + sum(STRIPES[1:]))

    def forward(self, hidden: Tensor, labels: Tensor | None = None) -> HeadOutput:
        """hidden: from the backbone's stem. labels: int64 B, or None when only the embedding is wanted."""
        hidden = self.trunk(hidden)
        maps = [tail(hidden) for tail in self.tails]
        parts: list[nn.Module] = list(self.whole)
        vectors = [part.vector(part.pooling(features)) for part, features in zip(parts, maps, strict=True)]
        metric = list(vectors)
        for features, stripes in zip(maps[1:], self.stripes, strict=True):
            bands = split_rows(features.grid, len(stripes))
            seen = [p.vector(p.pooling.grid(band)) for p, band in zip(stripes, bands, strict=True)]
            parts += list(stripes)
            vectors += seen
            metric.append(torch.cat(seen, dim=1))
        logits: tuple[Tensor, ...] = ()
        if labels is not None:
            logits = tuple(part.classifier(v, labels) for part, v in zip(parts, vectors, strict=True))
        return HeadOutput(torch.cat(vectors, dim=1), logits, tuple(metric))


def split_rows(grid: Tensor, count: int) -> list[Tensor]:
    """Horizontal bands of a B×C×H×W grid, as adaptive pooling cuts them: equal where `count` divides H,
    else of equal height with one row seen twice; never empty."""
    height = grid.shape[2]
    return [grid[:, :, i * height // count : -(-(i + 1) * height // count)] for i in range(count)]


def mgn(
    backbone: Backbone,
    *,
    n_ids: int,
    pooling: str = "auto",
    classifier: str = "circle",
    scale: float = 64.0,
    margin: float = 0.35,
    part_width: int = 256,
) -> MGN:
    """Three branches, eight parts, circle softmax, triplet after the neck."""
    how = {"kind": classifier, "scale": scale, "margin": margin}
    return MGN(backbone, n_ids=n_ids, pooling=pooling, part_width=part_width, **how)
