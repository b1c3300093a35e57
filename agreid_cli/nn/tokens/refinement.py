"""SeCap's local feature refinement: prompts and patch tokens attend to each other in two directions."""

from __future__ import annotations

from torch import Tensor, nn

from agreid_cli.nn.tokens.attention import CrossAttention, Mlp, SelfAttention
from agreid_cli.nn.tokens.recalibration import EPS

LAYERS = 2


class TwoWayLayer(nn.Module):
    """One layer: self-attention of prompts, prompts to patches, MLP, patches to prompts.

    The `first` layer has no residual and no position in its self-attention. The heads' total width is half
    the token width.
    """

    def __init__(self, width: int, heads: int, *, first: bool) -> None:
        super().__init__()
        self.first = first
        self.self_attn = CrossAttention(width, heads, inner=width // 2)
        self.cross_attn_token_to_image = CrossAttention(width, heads, inner=width // 2)
        self.cross_attn_image_to_token = CrossAttention(width, heads, inner=width // 2)
        self.mlp = Mlp(width)
        for name in ("norm1", "norm2", "norm3", "norm4"):
            self.add_module(name, nn.LayerNorm(width, eps=EPS))

    def forward(self, q: Tensor, k: Tensor, q_pe: Tensor, k_pe: Tensor) -> tuple[Tensor, Tensor]:
        """q and q_pe: B×T×D; k: B×N×D; k_pe: 1×N×D. Returns the new q and k."""
        if self.first:
            q = self.norm1(self.self_attn(q, q, q))
        else:
            q = self.norm1(q + self.self_attn(q + q_pe, q + q_pe, q))
        q = self.norm2(q + self.cross_attn_token_to_image(q + q_pe, k + k_pe, k))
        q = self.norm3(q + self.mlp(q))
        k = self.norm4(k + self.cross_attn_image_to_token(k + k_pe, q + q_pe, q))
        return q, k


class OutputBlock(nn.Module):
    """u ← LN(u + CA(u; k + k_pe, k)); u ← LN(u + SA(u)); u ← LN(u + MLP(u)), at full width."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.cross_attn = CrossAttention(width, heads)
        self.attn = SelfAttention(width, heads)
        self.mlp = Mlp(width)
        for name in ("norm1", "norm2", "norm3"):
            self.add_module(name, nn.LayerNorm(width, eps=EPS))

    def forward(self, u: Tensor, k: Tensor, k_pe: Tensor) -> Tensor:
        """u: B×T×D; k: B×N×D; k_pe: 1×N×D. Returns B×T×D."""
        u = self.norm1(u + self.cross_attn(u, k + k_pe, k))
        u = self.norm2(u + self.attn(u))
        out: Tensor = self.norm3(u + self.mlp(u))
        return out


class LocalRefinement(nn.Module):
    """[output token; prompts] and patch tokens, two layers and an output block; gives the local feature."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TwoWayLayer(width, heads, first=i == 0) for i in range(LAYERS))
        self.final_attn_token_to_image = OutputBlock(width, heads)
        self.norm_final_attn = nn.LayerNorm(width, eps=EPS)

    def forward(self, q: Tensor, k: Tensor, k_pe: Tensor) -> Tensor:
        """q: B×(1+L)×D, the output token first; k: B×N×D; k_pe: 1×N×D. Returns the local feature, B×D."""
        q_pe = q
        for layer in self.layers:
            q, k = layer(q, k, q_pe, k_pe)
        u = self.final_attn_token_to_image(q + q_pe, k, k_pe)
        out: Tensor = self.norm_final_attn(q + u)[:, 0]
        return out
