"""Attention between two sets of tokens as used by SeCap: post-norm, projections with bias."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class CrossAttention(nn.Module):
    """Multi-head attention with separate, biased projections for queries, keys and values.

    `inner`: total width of the heads; the output has the width of the input.
    """

    def __init__(self, width: int, heads: int, *, inner: int | None = None) -> None:
        super().__init__()
        inner = inner or width
        self.heads = heads
        self.q_proj = nn.Linear(width, inner)
        self.k_proj = nn.Linear(width, inner)
        self.v_proj = nn.Linear(width, inner)
        self.out_proj = nn.Linear(inner, width)

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """q: B×Tq×D, k and v: B×Tk×D, to B×Tq×D."""
        mixed = attend(*(split(x, self.heads) for x in (self.q_proj(q), self.k_proj(k), self.v_proj(v))))
        out: Tensor = self.out_proj(mixed)
        return out


class SelfAttention(nn.Module):
    """Multi-head self-attention: one projection without bias, an output with bias."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """B×T×D to B×T×D."""
        out: Tensor = self.proj(attend(*(split(part, self.heads) for part in self.qkv(x).chunk(3, dim=-1))))
        return out


class Mlp(nn.Module):
    """Two linear layers with an exact GELU between them; the hidden width is four times the input's."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """…×D to …×D."""
        out: Tensor = self.fc2(functional.gelu(self.fc1(x)))
        return out


def split(x: Tensor, heads: int) -> Tensor:
    """B×T×D to B×heads×T×(D/heads)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """softmax(q·kᵀ/√d)·v for B×heads×T×d; heads joined again, B×T×D."""
    return functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


def start_linear_layers(module: nn.Module) -> None:
    """Truncated normal weights (σ 0.02) and zero biases for every linear layer in `module`."""
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.trunc_normal_(part.weight, std=0.02)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
