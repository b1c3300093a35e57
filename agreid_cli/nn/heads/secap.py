"""SeCap (Wang et al., CVPR 2025): a view-invariant feature, and a local feature read by prompts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.backbones.tokens import UNSUBTRACTED, VIEW_TOKEN, TokenTail
from agreid_cli.nn.heads.necked import Necked
from agreid_cli.nn.heads.view_free import FREE_FEATURE, VIEW_FEATURE, VIEW_LOGITS
from agreid_cli.nn.outputs import CLASS_TOKEN, HeadOutput, Logits, Metric
from agreid_cli.nn.tokens.attention import start_linear_layers
from agreid_cli.nn.tokens.recalibration import PromptRecalibration
from agreid_cli.nn.tokens.refinement import LocalRefinement
from agreid_cli.records.side import VIEWS


class SecapHead(nn.Module):
    """The embedding is [view-free feature; local feature], both after their necks.

    n_prompts: L. neck_twice: as in `VdtHead`.

    The local feature is computed from the patch tokens before the last block, without a norm.
    """

    def __init__(self, backbone: Backbone, *, n_ids: int, n_prompts: int, neck_twice: bool = True) -> None:
        super().__init__()
        self.neck_twice = neck_twice
        tail = backbone.make_tail()
        if not isinstance(tail, TokenTail):
            raise TypeError("SeCap needs a token backbone")
        self.shared = tail.take_all_but_last()
        self.tail = tail
        width = backbone.channels
        heads = next(iter(tail.late.blocks)).attn.num_heads
        places = tail.late.rows_columns[0] * tail.late.rows_columns[1]
        self.prompts = nn.Parameter(torch.empty(1, n_prompts, width))
        self.output_token = nn.Parameter(torch.empty(1, width))
        self.places = nn.Parameter(torch.empty(1, places, width))
        for parameter in (self.prompts, self.output_token, self.places):
            nn.init.trunc_normal_(parameter, std=0.02)
        self.recalibration = PromptRecalibration(width, heads)
        self.refinement = LocalRefinement(width, heads)
        start_linear_layers(self.recalibration)
        start_linear_layers(self.refinement)
        self.identity = Necked(width, n_ids)
        self.local = Necked(width, n_ids)
        self.view = Necked(width, len(VIEWS))
        self.metric_dim, self.embedding_dim = width, 2 * width

    def forward(self, hidden: Tensor, labels: Tensor | None = None) -> HeadOutput:
        """hidden: B×T×D, from the stem. labels: int64 B, or None if only the embedding is needed."""
        hidden = self.shared(hidden)
        tokens = self.tail(hidden).tokens
        free, view = tokens[CLASS_TOKEN], tokens[VIEW_TOKEN]
        prompts = self.recalibration(self.prompts.expand(hidden.shape[0], -1, -1), free)
        queries = torch.cat([self.output_token.expand(hidden.shape[0], -1, -1), prompts], dim=1)
        local = self.refinement(queries, hidden[:, self.tail.prefix :], self.places)
        after, local_after = self.identity(free), self.local(local)
        if self.training and self.neck_twice:
            self.identity(tokens[UNSUBTRACTED].detach())
        embedding = torch.cat([after, local_after], dim=1)
        if labels is None:
            return HeadOutput(embedding)
        return HeadOutput(
            embedding,
            (Logits(self.identity.logits(after)), Logits(self.local.logits(local_after))),
            (Metric(free), Metric(local)),
            {VIEW_LOGITS: self.view.logits(self.view(view)), VIEW_FEATURE: view, FREE_FEATURE: free},
        )
