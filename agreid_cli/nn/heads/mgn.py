"""MGN (Wang et al., ACM MM 2018) as in fast-reid: three branches, eight parts."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.heads.classifiers import make_classifier, make_neck
from agreid_cli.nn.heads.pooling import Pooling, make_pooling
from agreid_cli.nn.heads.single import check_sides
from agreid_cli.nn.outputs import FeatureMap, HeadOutput, Logits, Metric

BRANCHES = 3
#: Branch, index of the stripe, number of stripes: b1, b2, b3, b21, b22, b31, b32, b33.
PARTS = ((0, 0, 1), (1, 0, 1), (2, 0, 1), (1, 0, 2), (1, 1, 2), (2, 0, 3), (2, 1, 3), (2, 2, 3))
#: Parts used by the triplet loss: each whole-body part, and the concatenated stripes of a branch.
METRIC = ((0,), (1,), (2,), (3, 4), (5, 6, 7))


class Part(nn.Module):
    """pooling → 1×1 convolution → BNNeck → classifier."""

    pooling: Pooling

    def __init__(
        self, pooling: Pooling, reduce: nn.Linear, classifier: nn.Module, *, stripe: int, of: int
    ) -> None:
        super().__init__()
        self.pooling = pooling
        # On a 1×1 map, a 1×1 convolution is a linear layer.
        self.reduce = reduce
        nn.init.kaiming_normal_(reduce.weight, mode="fan_out")
        self.neck = make_neck(reduce.out_features)
        self.classifier = classifier
        self.stripe, self.of = stripe, of

    def forward(self, features: FeatureMap) -> tuple[Tensor, Tensor]:
        """The part's vector before and after its neck."""
        if self.of == 1:
            pooled = self.pooling(features)
        else:
            pooled = self.pooling.grid(rows_of(features.grid, self.stripe, self.of))
        # Under autocast the product is in half precision; the embedding and the metric features are not.
        reduced = self.reduce(pooled).float()
        return reduced, self.neck(reduced)


class MGN(nn.Module):
    """The embedding is the concatenation of all parts; `metric` has five features.

    Each part has a classifier. All features and classifiers have equal weights, which sum to 1.

    The whole-body branch has the backbone's stride; the branches with stripes use stride 1. What the
    backbone lets branches share (ResNet: layer3's first block) is one `trunk`.
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        n_ids: int,
        part_channels: int,
        pooling: str,
        gem_p: float,
        classifier: dict[str, Any],
        metric_feature: str,
        embedding: str,
    ) -> None:
        super().__init__()
        check_sides(metric_feature=metric_feature, embedding=embedding)
        self.metric_after = metric_feature == "after"
        self.embedding_after = embedding == "after"
        tails = [backbone.make_tail(stride=None if branch == 0 else 1) for branch in range(BRANCHES)]
        self.trunk, *_ = [tail.take_first() for tail in tails]
        self.tails = nn.ModuleList(tails)
        self.parts = nn.ModuleList(
            Part(
                make_pooling(pooling, backbone, auto="gem", gem_p=gem_p),
                nn.Linear(backbone.channels, part_channels, bias=False),
                make_classifier(width=part_channels, n_ids=n_ids, **classifier),
                stripe=stripe,
                of=of,
            )
            for _, stripe, of in PARTS
        )
        self.embedding_dim = part_channels * len(PARTS)
        self.metric_dim = part_channels  # of the whole-body features

    def forward(self, hidden: Tensor, labels: Tensor | None = None) -> HeadOutput:
        """hidden: from the backbone's stem. labels: int64 B, or None if only the embedding is needed."""
        hidden = self.trunk(hidden)
        maps = [tail(hidden) for tail in self.tails]
        both = [part(maps[branch]) for part, (branch, _, _) in zip(self.parts, PARTS, strict=True)]
        before, after = zip(*both, strict=True)
        ranked = after if self.embedding_after else before
        compared = after if self.metric_after else before
        metric = tuple(
            Metric(torch.cat([compared[i] for i in group], dim=1), 1 / len(METRIC)) for group in METRIC
        )
        logits: tuple[Logits, ...] = ()
        if labels is not None:
            logits = tuple(
                Logits(p.classifier(v, labels), 1 / len(PARTS))
                for p, v in zip(self.parts, after, strict=True)
            )
        return HeadOutput(torch.cat(ranked, dim=1), logits, metric)


def rows_of(grid: Tensor, stripe: int, of: int) -> Tensor:
    """Horizontal band `stripe` of `of` bands of a B×C×H×W grid, as in adaptive pooling: equal if
    `of` divides H, else of equal height with an overlapping row; never empty."""
    height = grid.shape[2]
    return grid[:, :, stripe * height // of : -(-(stripe + 1) * height // of)]


def mgn(
    backbone: Backbone,
    *,
    n_ids: int,
    pooling: str = "auto",
    gem_p: float = 3.0,
    classifier: str = "circle",
    scale: float = 64.0,
    margin: float = 0.35,
    metric_feature: str = "after",
    embedding: str = "after",
    part_channels: int = 256,
) -> MGN:
    """Three branches, eight parts, circle softmax, triplet after the neck."""
    return MGN(
        backbone,
        n_ids=n_ids,
        part_channels=part_channels,
        pooling=pooling,
        gem_p=gem_p,
        classifier={"kind": classifier, "scale": scale, "margin": margin},
        metric_feature=metric_feature,
        embedding=embedding,
    )
