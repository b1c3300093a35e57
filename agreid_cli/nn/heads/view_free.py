"""VDT (Zhang et al., CVPR 2024): identity from the class token minus the view token, which has the view."""

from __future__ import annotations

from torch import Tensor, nn

from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.backbones.tokens import UNSUBTRACTED, VIEW_TOKEN
from agreid_cli.nn.heads.necked import Necked
from agreid_cli.nn.outputs import CLASS_TOKEN, HeadOutput, Logits, Metric
from agreid_cli.records.side import VIEWS

#: Names of the tensors used by the terms `view` and `orthogonality`.
VIEW_LOGITS, VIEW_FEATURE, FREE_FEATURE = "view_logits", "view_feature", "free_feature"


class VdtHead(nn.Module):
    """The embedding is the view-free feature after its neck; the view head is used only in training.

    neck_twice: in training, the class token before the last subtraction also passes the identity neck. No
    loss uses it, but it updates the neck's running statistics, as in published checkpoints.
    """

    def __init__(self, backbone: Backbone, *, n_ids: int, neck_twice: bool = True) -> None:
        super().__init__()
        self.neck_twice = neck_twice
        self.tail = backbone.make_tail()
        self.identity = Necked(backbone.channels, n_ids)
        self.view = Necked(backbone.channels, len(VIEWS))
        self.metric_dim = self.embedding_dim = backbone.channels

    def forward(self, hidden: Tensor, labels: Tensor | None = None) -> HeadOutput:
        """hidden: B×T×D, from the stem. labels: int64 B, or None if only the embedding is needed."""
        tokens = self.tail(hidden).tokens
        free, view = tokens[CLASS_TOKEN], tokens[VIEW_TOKEN]
        after = self.identity(free)
        if self.training and self.neck_twice:
            self.identity(tokens[UNSUBTRACTED].detach())
        if labels is None:
            return HeadOutput(after)
        extra = {VIEW_LOGITS: self.view.logits(self.view(view)), VIEW_FEATURE: view, FREE_FEATURE: free}
        return HeadOutput(after, (Logits(self.identity.logits(after)),), (Metric(free),), extra)
