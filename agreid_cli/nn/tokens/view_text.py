"""LATex's sentence: "A UAV view photo of a …" or "A CCTV view photo of a …", with learned tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn

#: In the order of `records.side.VIEWS`.
OPENINGS = ("A UAV view photo of a", "A CCTV view photo of a")
CLOSING = "person."


class ViewText(nn.Module):
    """Token embeddings of the sentence: opening, shared learned tokens, one pseudo-token per group, closing.

    openings: per view the embeddings of start and opening, T_v×W. closing: of "person", ".", the end and
    enough padding. n_words: shared tokens; n_pseudo: attribute groups.
    """

    fixed: Tensor
    source: Tensor
    ends: Tensor

    def __init__(
        self, openings: list[Tensor], closing: Tensor, *, n_words: int, n_pseudo: int, length: int
    ) -> None:
        super().__init__()
        self.width = closing.shape[1]
        self.shared = nn.Parameter(torch.empty(n_words, self.width).normal_(std=0.02))
        places = n_words + n_pseudo
        fixed = torch.zeros(len(openings), length, self.width)
        source = torch.zeros(
            len(openings), length, dtype=torch.int64
        )  # 0: fixed, else 1 + the index of the learned token
        ends = []
        for view, opening in enumerate(openings):
            start = len(opening)
            rest = closing[: length - start - places]
            fixed[view, :start] = opening
            fixed[view, start + places : start + places + len(rest)] = rest
            source[view, start : start + places] = torch.arange(1, places + 1)
            ends.append(start + places + 2)
        self.register_buffer("fixed", fixed)
        self.register_buffer("source", source)
        self.register_buffer("ends", torch.tensor(ends))

    def forward(self, pseudo: Tensor, view: Tensor) -> tuple[Tensor, Tensor]:
        """pseudo: B×K×W; view: int64 B. The sentences, B×T×W, and the position of each one's end token, B."""
        n = pseudo.shape[0]
        learned = torch.cat(
            [pseudo.new_zeros(n, 1, self.width), self.shared.expand(n, -1, -1).to(pseudo.dtype), pseudo],
            dim=1,
        )
        at = self.source[view][:, :, None].expand(-1, -1, self.width)
        return self.fixed[view].to(pseudo.dtype) + learned.gather(1, at), self.ends[view]
