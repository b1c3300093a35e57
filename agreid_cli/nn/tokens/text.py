"""The text tower of CLIP with token embeddings as input instead of token ids; tokens can be learned."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from agreid_cli.errors import MissingError

CONTEXT, VOCABULARY = 77, 49408


class TextTower(nn.Module):
    """open_clip's text transformer without its token embedding table.

    causal: whether a token attends only to those before it (CLIP, CLIP-ReID) or to all (LATex).
    """

    mask: Tensor

    def __init__(self, net: Any, *, causal: bool = True) -> None:
        super().__init__()
        self.positional_embedding = net.positional_embedding
        self.transformer = net.transformer
        self.ln_final = net.ln_final
        self.text_projection = net.text_projection
        length = len(self.positional_embedding)
        self.causal = causal
        self.register_buffer("mask", torch.full((length, length), float("-inf")).triu(1), persistent=False)

    def forward(self, words: Tensor, end: int | Tensor) -> Tensor:
        """words: B×T×W, at most 77; end: position of the end token, common or per row. B×D, unnormalised."""
        length = words.shape[1]
        mask = self.mask[:length, :length].to(words.dtype) if self.causal else None
        x = self.transformer(words + self.positional_embedding[:length], attn_mask=mask)
        last = x[:, end] if isinstance(end, int) else x[torch.arange(x.shape[0], device=x.device), end]
        vectors: Tensor = self.ln_final(last) @ self.text_projection
        return vectors


class Descriptions(nn.Module):
    """A learned description per identity: "A photo of a X X X X person." with its own four tokens X.

    prefix: 1×5×W, the embeddings of the start and "a photo of a". suffix: 1×S×W, of "person", ".", the end
    and the padding. Tokens are initialised from a normal, σ 0.02 (CLIP-ReID, §3.2).
    """

    prefix: Tensor
    suffix: Tensor

    def __init__(self, n_ids: int, prefix: Tensor, suffix: Tensor, *, n_words: int = 4) -> None:
        super().__init__()
        self.words = nn.Parameter(torch.empty(n_ids, n_words, prefix.shape[2]).normal_(std=0.02))
        self.register_buffer("prefix", prefix)
        self.register_buffer("suffix", suffix)

    @property
    def end(self) -> int:
        """The position of the end token: after "person" and "."."""
        return len(self.prefix[0]) + len(self.words[0]) + 2

    def forward(self, labels: Tensor) -> Tensor:
        """int64 B to the token embeddings of their descriptions, B×T×W."""
        n = len(labels)
        return torch.cat(
            [self.prefix.expand(n, -1, -1), self.words[labels], self.suffix.expand(n, -1, -1)], dim=1
        )


def text_network(*, width: int, heads: int, layers: int, output: int) -> Any:
    """open_clip's text transformer with random weights; `MissingError` if open_clip is not installed."""
    try:
        from open_clip.transformer import QuickGELU, TextTransformer
    except ImportError as error:
        raise no_open_clip() from error
    return TextTransformer(
        context_length=CONTEXT, vocab_size=VOCABULARY, width=width, heads=heads, layers=layers,
        output_dim=output, act_layer=QuickGELU,
    )  # fmt: skip


def tokens_of(text: str) -> Tensor:
    """CLIP's token ids of a sentence: int64 1×77, with start, end and padding."""
    try:
        from open_clip.tokenizer import SimpleTokenizer
    except ImportError as error:
        raise no_open_clip() from error
    numbers: Tensor = SimpleTokenizer()(text)
    return numbers


def no_open_clip() -> MissingError:
    """The error if the library is missing."""
    return MissingError(
        "open_clip is not installed, but this method needs its text tower",
        hint="Install it with: pip install 'agreid[clip]'",
    )
