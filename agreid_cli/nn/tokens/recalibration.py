"""SeCap's prompt re-calibration: learned prompts that adapt to the view-invariant feature of each image."""

from __future__ import annotations

from torch import Tensor, nn

from agreid_cli.nn.tokens.attention import CrossAttention, Mlp, SelfAttention

#: Epsilon of SeCap's own norms; the backbone's norms use another.
EPS = 1e-5


class PromptRecalibration(nn.Module):
    """Q ← LN(Q + CA(Q; inv, inv)); Q ← LN(Q + SA(Q)); Q ← LN(Q + MLP(Q)).

    With a single key the attention weight is 1, so the first step adds one linear map of `inv` to every
    prompt; the projections of queries and keys then have no gradient. `attn2` of the published weights is
    unused and omitted.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.cross_attn = CrossAttention(width, heads)
        for unused in (self.cross_attn.q_proj, self.cross_attn.k_proj):
            unused.requires_grad_(False)  # with one key they have no effect; published weights contain them
        self.attn = SelfAttention(width, heads)
        self.mlp = Mlp(width)
        self.norm1 = nn.LayerNorm(width, eps=EPS)
        self.norm2 = nn.LayerNorm(width, eps=EPS)
        self.norm3 = nn.LayerNorm(width, eps=EPS)

    def forward(self, prompts: Tensor, invariant: Tensor) -> Tensor:
        """prompts: B×L×D; invariant: B×D, the view-invariant feature. Returns B×L×D."""
        key = invariant[:, None]
        prompts = self.norm1(prompts + self.cross_attn(prompts, key, key))
        prompts = self.norm2(prompts + self.attn(prompts))
        out: Tensor = self.norm3(prompts + self.mlp(prompts))
        return out
