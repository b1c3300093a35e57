"""timm transformers with the additions of the view-aware methods, divided into a stem and tails.

Optional additions: overlapping patches, side-information embeddings, a view token that is subtracted from the
class token after each block, and prompt tokens specific to each block.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from agreid_cli.errors import InputError
from agreid_cli.nn.backbones import TIMM, vit
from agreid_cli.nn.backbones.backbone import Backbone, Tail, Traits
from agreid_cli.nn.backbones.non_local import named_sequence
from agreid_cli.nn.outputs import CLASS_TOKEN, FeatureMap
from agreid_cli.nn.tokens.side_table import SideTable
from agreid_cli.records.side import Side

VIEW_TOKEN, UNSUBTRACTED = "view", "class before subtraction"


@dataclass(frozen=True)
class Additions:
    """stride: of the patches in pixels; None keeps the network's (no overlap).

    table: an embedding of camera or view, added to tokens. view_token: a learned token after the class token.
    subtract: f ← f − v after each block, f the class token and v the view token (VDT, Eq. 3); the last one
    also after the norm. subtract_last: also between the last block and the norm (VDT yes, SeCap no).
    prompts: learned tokens inserted before the patches in each block and removed after it.
    """

    stride: int | None = None
    table: SideTable | None = None
    view_token: bool = False
    subtract: bool = False
    subtract_last: bool = True
    prompts: int = 0


class Run(nn.Module):
    """Blocks in sequence on B×T×D tokens; `prefix` of the tokens precede the patches."""

    def __init__(self, blocks: dict[str, nn.Module], net: Any, added: Additions, *, last: bool) -> None:
        super().__init__()
        self.blocks = named_sequence(blocks)
        self.rope = copy.deepcopy(getattr(net, "rope", None))
        self.rows_columns: tuple[int, int] = net.patch_embed.grid_size
        self.prefix = int(net.num_prefix_tokens) + added.view_token
        self.subtract, self.subtract_last = added.subtract, added.subtract_last or not last
        self.n_prompts = added.prompts
        if added.prompts:
            width = int(net.embed_dim)
            self.prompts = nn.Parameter(torch.zeros(len(blocks), added.prompts, width))
            nn.init.trunc_normal_(self.prompts, std=0.02)

    def run(self, tokens: Tensor, *, places: Tensor | None = None, keep: bool = False) -> Tensor:
        """places: patch indices, if not all in order. keep: keep the last prompts in the output."""
        more: dict[str, Tensor] = {}
        if self.rope is not None:
            angles = self.rope.get_embed(shape=self.rows_columns)
            more = {"rope": angles if places is None else angles[places]}
        at, count = self.prefix, len(self.blocks)
        for index, block in enumerate(self.blocks):
            if self.n_prompts:
                fresh = self.prompts[index].expand(tokens.shape[0], -1, -1)
                tokens = torch.cat([tokens[:, :at], fresh, tokens[:, at:]], dim=1)
            tokens = block(tokens, **more)
            if self.n_prompts and not (keep and index == count - 1):
                tokens = torch.cat([tokens[:, :at], tokens[:, at + self.n_prompts :]], dim=1)
            if self.subtract and (self.subtract_last or index < count - 1):
                tokens = torch.cat([tokens[:, :1] - tokens[:, 1:2], tokens[:, 1:]], dim=1)
        return tokens

    def forward(self, hidden: Tensor) -> Tensor:
        """B×T×D to B×T×D."""
        return self.run(hidden)


class TokenStem(nn.Module):
    """Images to tokens after the first blocks: [class; registers; patches] or [class; view; …; patches]."""

    def __init__(self, net: Any, added: Additions, *, blocks: int) -> None:
        super().__init__()
        first = dict(list(net.blocks.named_children())[:blocks])
        self.first = Run(first, net, added, last=False)
        self.table = added.table
        self.view_token = self.view_pos = None
        if added.view_token:
            self.view_token = nn.Parameter(torch.zeros(1, 1, net.embed_dim))
            # The published code starts with the position of the first patch, by mistake; ours with 0.
            self.view_pos = nn.Parameter(torch.zeros(1, 1, net.embed_dim))
        net.blocks = nn.Identity()
        self.net: Any = net

    def forward(self, images: Tensor, side: Side | None = None) -> Tensor:
        """images: B×3×H×W, normalised; side: the values that the table needs."""
        placed: Any = self.net._pos_embed(self.net.patch_embed(images))
        tokens: Tensor = placed[0] if isinstance(placed, tuple) else placed
        if self.view_token is not None:
            view = (self.view_token + self.view_pos).expand(tokens.shape[0], -1, -1)
            tokens = torch.cat([tokens[:, :1], view, tokens[:, 1:]], dim=1)
        if self.table is not None:
            tokens = self.table(tokens, side)
        tokens = self.net.norm_pre(tokens) if hasattr(self.net, "norm_pre") else tokens
        tokens = self.first(tokens)
        return tokens


class TokenTail(Tail):
    """The remaining blocks and the last norm, as a feature map with its tokens by name."""

    def __init__(self, net: Any, added: Additions, *, first: int) -> None:
        super().__init__()
        late = dict(list(net.blocks.named_children())[first:])
        self.late = Run(late, net, added, last=True)
        self.norm = net.norm
        # Networks made for average pooling keep their last norm behind the pooling; here it is before.
        self.fc_norm = net.fc_norm if isinstance(net.norm, nn.Identity) else nn.Identity()
        self.has_view = added.view_token

    @property
    def prefix(self) -> int:
        """The number of tokens before the patches."""
        return self.late.prefix

    def forward(self, hidden: Tensor) -> FeatureMap:
        return self.mapped(self.late(hidden))

    def mapped(self, tokens: Tensor) -> FeatureMap:
        """Norm, and tokens by name; for a network that subtracts, the class token minus the view token."""
        tokens = self.fc_norm(self.norm(tokens))
        rest = tokens[:, self.prefix :]
        grid = rest.transpose(1, 2)
        if rest.shape[1] == self.late.rows_columns[0] * self.late.rows_columns[1]:
            grid = grid.unflatten(2, self.late.rows_columns)
        else:  # a subset of the patches, without a grid
            grid = grid.unsqueeze(3)
        named = {CLASS_TOKEN: tokens[:, 0]}
        if self.has_view:
            named[VIEW_TOKEN] = tokens[:, 1]
        if self.late.subtract:
            named[UNSUBTRACTED] = named[CLASS_TOKEN]
            named[CLASS_TOKEN] = named[CLASS_TOKEN] - named[VIEW_TOKEN]
        return FeatureMap(grid, named)

    def take_all_but_last(self) -> Run:
        """Remove and return all blocks except the last, which branches share (TransReID, SeCap)."""
        shared = copy.deepcopy(self.late)
        names = list(self.late.blocks._modules)
        for name in names[:-1]:
            del self.late.blocks._modules[name]
        del shared.blocks._modules[names[-1]]
        shared.subtract_last = True
        if self.late.n_prompts:
            whole = self.late.prompts.detach()
            shared.prompts, self.late.prompts = nn.Parameter(whole[:-1]), nn.Parameter(whole[-1:])
        return shared


def token_backbone(
    name: str, *, size: tuple[int, int], drop_path: float = 0.0, added: Additions = Additions()
) -> Backbone:
    """A randomly initialised transformer: `vit-b16`, `vit-s16` or `timm:<name>`.

    size: (height, width) of the images in pixels. Raises `InputError` for a network that is not a transformer
    with a class token, and for a size that its patches do not fit.
    """
    net = transformer(name, size=size, drop_path=drop_path)
    return cut(net, added, pretrained=vit.PRETRAINED.get(name, name.removeprefix(TIMM)))


def cut(net: Any, added: Additions, *, pretrained: str | None) -> Backbone:
    """A backbone from a timm transformer, divided after half of its blocks; modifies the network."""
    if added.stride is not None:
        restride(net, added.stride)
    extra = added.view_token + added.prompts
    for block in net.blocks:
        # Rotary positions are for patches only; timm's attention counts the tokens in front of them.
        if hasattr(block.attn, "num_prefix_tokens"):
            block.attn.num_prefix_tokens += extra
    half = len(net.blocks) // 2
    tail = TokenTail(net, added, first=half)
    config = net.pretrained_cfg
    needs = added.table.needs if added.table is not None else frozenset()
    traits = Traits(
        net.embed_dim, False, config["mean"], config["std"], pretrained, has_token=True, needs=needs,
        grid=tuple(net.patch_embed.grid_size),
    )  # fmt: skip
    net.norm = nn.Identity()
    for part in ("fc_norm", "head_drop", "head", "attn_pool"):
        if isinstance(getattr(net, part, None), nn.Module):
            setattr(net, part, nn.Identity())
    return Backbone(TokenStem(net, added, blocks=half), tail, traits)


def transformer(name: str, *, size: tuple[int, int], drop_path: float) -> Any:
    """The timm network; `InputError` unless its blocks run on tokens including a class token."""
    from agreid_cli.nn.backbones.timm_any import create

    net = create(vit.PRETRAINED.get(name, name.removeprefix(TIMM)), size, drop_path)
    if not vit.can_cut(net) or net.cls_token is None:
        raise InputError(
            f"model.backbone={name}: this method needs a transformer with a class token",
            hint="Use vit-b16, vit-s16 or a ViT of timm: timm:vit_…, timm:deit_…, timm:eva02_…",
        )
    return net


def restride(net: Any, stride: int) -> None:
    """Make patches overlap: windows every `stride` pixels, ⌊(side − patch) / stride⌋ + 1 along each side."""
    embed = net.patch_embed
    patch = embed.patch_size
    if not 1 <= stride <= min(patch):
        raise InputError(f"a stride of {stride} pixels leaves gaps between patches of {patch[0]} pixels")
    grid = tuple((side - p) // stride + 1 for side, p in zip(embed.img_size, patch, strict=True))
    before = embed.num_patches
    embed.proj.stride = (stride, stride)
    embed.grid_size, embed.num_patches = grid, grid[0] * grid[1]
    if net.pos_embed is not None:
        rows = net.pos_embed.shape[1] - before + embed.num_patches
        net.pos_embed = nn.Parameter(torch.empty(1, rows, net.embed_dim))
        nn.init.trunc_normal_(net.pos_embed, std=0.02)
