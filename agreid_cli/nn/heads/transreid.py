"""TransReID (He et al., ICCV 2021): the class token, and with JPM class tokens of four shuffled parts."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from agreid_cli.errors import InputError
from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.backbones.tokens import TokenTail
from agreid_cli.nn.heads.necked import Necked
from agreid_cli.nn.outputs import CLASS_TOKEN, HeadOutput, Logits, Metric
from agreid_cli.nn.tokens.jigsaw import PARTS, jigsaw_parts

STD = 0.001


class TransReidHead(nn.Module):
    """With `jpm`, there are two last blocks: for all tokens, and for each of four parts of the patches.

    Loss weights: ½ for the global vector and ⅛ for each part, for cross-entropy and triplet alike. The
    embedding is [g; l₁/4; …; l₄/4] before the necks, or g without `jpm`.
    """

    parts: Tensor

    def __init__(self, backbone: Backbone, *, n_ids: int, jpm: bool = True) -> None:
        super().__init__()
        tail = backbone.make_tail()
        if not isinstance(tail, TokenTail):
            raise TypeError("TransReID needs a token backbone")
        self.shared = tail.take_all_but_last() if jpm else nn.Identity()
        self.tail = tail
        self.part_tail = copy.deepcopy(tail) if jpm else None
        places = tail.late.rows_columns[0] * tail.late.rows_columns[1]
        if jpm and places < PARTS:
            raise InputError(f"JPM needs at least {PARTS} patches, but there are {places}")
        self.register_buffer("parts", jigsaw_parts(places) if jpm else torch.empty(0), persistent=False)
        self.necked = nn.ModuleList(Necked(backbone.channels, n_ids, std=STD) for _ in range(1 + PARTS * jpm))
        self.metric_dim = backbone.channels
        self.embedding_dim = backbone.channels * (1 + PARTS * jpm)

    def forward(self, hidden: Tensor, labels: Tensor | None = None) -> HeadOutput:
        """hidden: B×T×D, from the stem. labels: int64 B, or None if only the embedding is needed."""
        hidden = self.shared(hidden)
        vectors = [self.tail(hidden).tokens[CLASS_TOKEN], *self._locals(hidden)]
        count = len(vectors) - 1
        embedding = torch.cat([vectors[0], *(v / count for v in vectors[1:])], dim=1)
        weights = [0.5, *[0.5 / count] * count] if count else [1.0]
        if labels is None:
            return HeadOutput(embedding)
        logits = [part.logits(part(v)) for part, v in zip(self.necked, vectors, strict=True)]
        return HeadOutput(
            embedding,
            tuple(Logits(values, weight) for values, weight in zip(logits, weights, strict=True)),
            tuple(Metric(values, weight) for values, weight in zip(vectors, weights, strict=True)),
        )

    def _locals(self, hidden: Tensor) -> list[Tensor]:
        """The class token of each part, B×D each; register tokens stay with the class token."""
        if self.part_tail is None:
            return []
        front = hidden[:, : self.part_tail.prefix]
        patches = hidden[:, self.part_tail.prefix :]
        if self.part_tail.late.rope is None:  # all parts in one call
            many = torch.cat([torch.cat([front, patches[:, rows]], dim=1) for rows in self.parts])
            ends = self.part_tail.mapped(self.part_tail.late.run(many)).tokens[CLASS_TOKEN]
            return list(ends.unflatten(0, (PARTS, -1)).unbind(0))
        return [
            self.part_tail.mapped(
                self.part_tail.late.run(torch.cat([front, patches[:, rows]], dim=1), places=rows)
            ).tokens[CLASS_TOKEN]
            for rows in self.parts
        ]
