"""CLIP-ReID (Li et al., AAAI 2023), image side: two necks, three triplet losses, and texts as classifiers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.backbones.tokens import TokenTail
from agreid_cli.nn.heads.necked import Necked
from agreid_cli.nn.outputs import CLASS_TOKEN, HeadOutput, Logits, Metric

STD = 0.001


class ClipReidHead(nn.Module):
    """Class tokens: h₁₁ before the last block, h₁₂ after it and the norm, e = h₁₂·W in the space of texts.

    The embedding is [h₁₂; e], before the necks. width: D of e. text: whether training compares e with the
    descriptions of all identities, which stage 1 learns; they are a buffer, n_ids×D. id_weight: of the
    cross-entropies behind the necks (0.25 with texts, 1 without).
    """

    descriptions: Tensor

    def __init__(
        self, backbone: Backbone, *, n_ids: int, width: int, text: bool = True, id_weight: float = 0.25
    ) -> None:
        super().__init__()
        tail = backbone.make_tail()
        if not isinstance(tail, TokenTail):
            raise TypeError("CLIP-ReID needs a token backbone")
        self.shared = tail.take_all_but_last()
        self.tail = tail
        self.projection = nn.Linear(backbone.channels, width, bias=False)
        self.identity = Necked(backbone.channels, n_ids, std=STD)
        self.projected = Necked(width, n_ids, std=STD)
        self.text, self.id_weight = text, id_weight
        self.register_buffer("descriptions", torch.zeros(n_ids if text else 0, width))
        self.metric_dim, self.embedding_dim = backbone.channels, backbone.channels + width

    def forward(self, hidden: Tensor, labels: Tensor | None = None) -> HeadOutput:
        """hidden: B×T×D, from the stem. labels: int64 B, or None if only the embedding is needed."""
        hidden = self.shared(hidden)
        before, last = hidden[:, 0], self.tail(hidden).tokens[CLASS_TOKEN]
        projected = self.projection(last)
        embedding = torch.cat([last, projected], dim=1)
        if labels is None:
            return HeadOutput(embedding)
        logits = [
            Logits(self.identity.logits(self.identity(last)), self.id_weight),
            Logits(self.projected.logits(self.projected(projected)), self.id_weight),
        ]
        if self.text:
            logits.append(Logits(projected @ self.descriptions.to(projected.dtype).T))
        return HeadOutput(
            embedding, tuple(logits), tuple(Metric(vectors) for vectors in (before, last, projected))
        )
