"""BoT and SBS: one tail, one vector, a BNNeck, one classifier. They differ in three choices."""

from __future__ import annotations

from torch import Tensor, nn

from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.heads.classifiers import make_classifier, make_neck
from agreid_cli.nn.heads.pooling import make_pooling
from agreid_cli.nn.outputs import HeadOutput


class SingleHead(nn.Module):
    """tail → pooling → neck → classifier. The embedding is always the vector after the neck.

    `metric_after_neck`: whether the triplet loss looks at the vector after the neck or before.
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        n_ids: int,
        pooling: str,
        auto_pooling: str,
        classifier: str,
        metric_after_neck: bool,
        scale: float,
        margin: float,
    ) -> None:
        super().__init__()
        self.tail = backbone.make_tail()
        self.pooling = make_pooling(pooling, backbone, auto=auto_pooling)
        self.neck = make_neck(backbone.channels)
        self.classifier = make_classifier(classifier, backbone.channels, n_ids, scale=scale, margin=margin)
        self.metric_after_neck = metric_after_neck
        self.embedding_dim = backbone.channels

    def forward(self, hidden: Tensor, labels: Tensor | None = None) -> HeadOutput:
        """hidden: from the backbone's stem. labels: int64 B, or None when only the embedding is wanted."""
        vector = self.pooling(self.tail(hidden))
        embedding = self.neck(vector)
        logits = () if labels is None else (self.classifier(embedding, labels),)
        return HeadOutput(embedding, logits, (embedding if self.metric_after_neck else vector,))


def bot(
    backbone: Backbone,
    *,
    n_ids: int,
    pooling: str = "auto",
    classifier: str = "linear",
    scale: float = 64.0,
    margin: float = 0.35,
) -> SingleHead:
    """Bag of tricks (Luo et al., 2019): average, linear classifier, triplet before the neck."""
    return SingleHead(
        backbone,
        n_ids=n_ids,
        pooling=pooling,
        auto_pooling="avg",
        classifier=classifier,
        metric_after_neck=False,
        scale=scale,
        margin=margin,
    )


def sbs(
    backbone: Backbone,
    *,
    n_ids: int,
    pooling: str = "auto",
    classifier: str = "circle",
    scale: float = 64.0,
    margin: float = 0.35,
) -> SingleHead:
    """Stronger baseline (He et al., fast-reid): GeM, circle softmax, triplet after the neck."""
    return SingleHead(
        backbone,
        n_ids=n_ids,
        pooling=pooling,
        auto_pooling="gem",
        classifier=classifier,
        metric_after_neck=True,
        scale=scale,
        margin=margin,
    )
