"""LATex (Hu et al., 2025): attributes of a crop become tokens of a sentence for a frozen CLIP text tower.

The published description leaves some details open. This implementation: s_k is computed from the global
feature after its neck; "attention from the other prompts to v" weights each other prompt by its softmax
similarity to v before the linear mix.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.backbones.tokens import TokenTail
from agreid_cli.nn.heads.necked import Necked
from agreid_cli.nn.outputs import HeadOutput, Logits, Metric
from agreid_cli.nn.tokens.text import TextTower
from agreid_cli.nn.tokens.view_text import ViewText
from agreid_cli.records.side import Side

ATTRIBUTE_LOGITS = "attribute_logits"
ID_WEIGHT = 0.25


class AttributeScore(nn.Module):
    """One group: fc(s_k) plus a mix of the other prompts, QuickGELU, batch norm, linear to its labels."""

    def __init__(self, width: int, others: int, labels: int) -> None:
        super().__init__()
        self.fc = nn.Linear(2 * width, width)
        self.mix = nn.Linear(others, 1, bias=False)
        self.norm = nn.BatchNorm1d(width)
        self.labels = nn.Linear(width, labels)

    def forward(self, s: Tensor, others: Tensor, v: Tensor) -> Tensor:
        """s: B×2D; others: B×(K−1)×D, the other groups' features; v: B×D. Returns B×labels."""
        weight = (others @ v[:, :, None] / math.sqrt(v.shape[1])).softmax(1)
        x = self.fc(s) + self.mix((weight * others).transpose(1, 2)).squeeze(2)
        logits: Tensor = self.labels(self.norm(x * torch.sigmoid(1.702 * x)))
        return logits


class LatexHead(nn.Module):
    """The embedding is [BN(v); BN(t)]: v the global image feature, t the text made of the crop's attributes.

    sizes: number of labels of each attribute group; group k has prompt token k of the backbone. tower: the
    frozen text tower; text: the sentence with positions for the pseudo-tokens.
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        n_ids: int,
        sizes: Sequence[int],
        width: int,
        tower: TextTower,
        text: ViewText,
    ) -> None:
        super().__init__()
        tail = backbone.make_tail()
        if not isinstance(tail, TokenTail) or tail.late.n_prompts != len(sizes):
            raise TypeError("LATex needs a token backbone with one prompt per attribute group")
        self.tail = tail
        self.projection = nn.Linear(backbone.channels, width, bias=False)
        self.image, self.written = Necked(width, n_ids), Necked(width, n_ids)
        self.scores = nn.ModuleList(AttributeScore(width, len(sizes) - 1, n) for n in sizes)
        words = text.width
        self.words = nn.ModuleList(
            nn.Sequential(nn.Linear(2 * width, words), nn.GELU(), nn.Linear(words, words)) for _ in sizes
        )
        self.tower, self.text = tower, text
        self.metric_dim, self.embedding_dim = width, 2 * width

    def forward(self, hidden: Tensor, side: Side, labels: Tensor | None = None) -> HeadOutput:
        """hidden: B×T×D, from the stem; side: with the view, which is part of the sentence."""
        if side.view is None:
            raise ValueError("this network needs the view of each crop")
        tokens = self.tail.late.run(hidden, keep=True)
        at, count = self.tail.prefix, len(self.scores)
        v, prompts = self.projection(tokens[:, 0]), self.projection(tokens[:, at : at + count])
        after = self.image(v)
        s = [torch.cat([after, prompts[:, k]], dim=1) for k in range(count)]
        pseudo = torch.stack([make(part) for make, part in zip(self.words, s, strict=True)], dim=1)
        t = self.tower(*self.text(pseudo, side.view))
        written = self.written(t)
        embedding = torch.cat([after, written], dim=1)
        if labels is None:
            return HeadOutput(embedding)
        attributes = torch.cat(
            [score(part, torch.cat([prompts[:, :k], prompts[:, k + 1 :]], dim=1), v)
             for k, (score, part) in enumerate(zip(self.scores, s, strict=True))], dim=1
        )  # fmt: skip
        return HeadOutput(
            embedding,
            (
                Logits(self.image.logits(after), ID_WEIGHT),
                Logits(self.written.logits(written), ID_WEIGHT),
            ),
            (Metric(v), Metric(t)),
            {ATTRIBUTE_LOGITS: attributes},
        )


def one_hot_loss(logits: Tensor, bits: Tensor, sizes: Sequence[int], *, smoothing: float) -> Tensor:
    """Sum over groups of the cross-entropy, averaged over the crops whose attributes are known.

    logits: B×M; bits: B×M, one 1 in each group, or all 0 for a crop without attributes.
    """
    known = bits.any(dim=1)
    total = logits.new_zeros(())
    count = known.sum().clamp(min=1)
    for part, target in zip(logits.split(list(sizes), 1), bits.split(list(sizes), 1), strict=True):
        off = smoothing / max(part.shape[1] - 1, 1)
        soft = target.to(part.dtype) * (1 - smoothing - off) + off
        loss = -(soft * functional.log_softmax(part, dim=1)).sum(1)
        total = total + (loss * known).sum() / count
    return total
