"""BoT and SBS: one tail, one feature, a BNNeck, one classifier. They differ in three choices."""

from __future__ import annotations

from torch import Tensor, nn

from agreid_cli.errors import InputError
from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.heads.classifiers import make_classifier, make_neck
from agreid_cli.nn.heads.pooling import Pooling, make_pooling
from agreid_cli.nn.outputs import HeadOutput, Logits, Metric


class SingleHead(nn.Module):
    """tail → pooling (→ fc, if the backbone has it) → neck → classifier.

    `metric_feature` and `embedding`: "before" or "after" the neck, the feature used by the triplet loss and
    the one that is ranked. The classifier always uses the one after the neck.
    """

    pooling: Pooling

    def __init__(
        self,
        backbone: Backbone,
        pooling: Pooling,
        classifier: nn.Module,
        *,
        metric_feature: str,
        embedding: str,
    ) -> None:
        super().__init__()
        check_sides(metric_feature=metric_feature, embedding=embedding)
        self.tail = backbone.make_tail()
        self.pooling = pooling
        self.fc = backbone.make_fc()
        self.neck = make_neck(backbone.width)
        self.classifier = classifier
        self.metric_after = metric_feature == "after"
        self.embedding_after = embedding == "after"
        self.embedding_dim = self.metric_dim = backbone.width

    def forward(self, hidden: Tensor, labels: Tensor | None = None) -> HeadOutput:
        """hidden: from the backbone's stem. labels: int64 B, or None if only the embedding is needed."""
        before = self.fc(self.pooling(self.tail(hidden))).float()
        after = self.neck(before)
        logits = () if labels is None else (Logits(self.classifier(after, labels)),)
        return HeadOutput(
            after if self.embedding_after else before,
            logits,
            (Metric(after if self.metric_after else before),),
        )


def check_sides(**sides: str) -> None:
    """`InputError` for a position that is neither before nor after the neck."""
    for name, side in sides.items():
        if side not in ("before", "after"):
            raise InputError(f"{name} must be 'before' or 'after' the neck, not '{side}'")


def bot(
    backbone: Backbone,
    *,
    n_ids: int,
    pooling: str = "auto",
    gem_p: float = 3.0,
    classifier: str = "linear",
    scale: float = 64.0,
    margin: float = 0.35,
    metric_feature: str = "before",
    embedding: str = "after",
) -> SingleHead:
    """Bag of tricks (Luo et al., 2019): average, linear classifier, triplet before the neck."""
    return SingleHead(
        backbone,
        make_pooling(pooling, backbone, auto="avg", gem_p=gem_p),
        make_classifier(classifier, backbone.width, n_ids, scale=scale, margin=margin),
        metric_feature=metric_feature,
        embedding=embedding,
    )


def sbs(
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
) -> SingleHead:
    """Stronger baseline (He et al., fast-reid): GeM, circle softmax, triplet after the neck."""
    return SingleHead(
        backbone,
        make_pooling(pooling, backbone, auto="gem", gem_p=gem_p),
        make_classifier(classifier, backbone.width, n_ids, scale=scale, margin=margin),
        metric_feature=metric_feature,
        embedding=embedding,
    )
