"""Translate the names in published checkpoints of TransReID, VDT, SeCap and CLIP-ReID."""

from __future__ import annotations

import re

import torch
from torch import Tensor

from agreid_cli.nn.published import Scheme, trunk_rules


def _last_block(state: dict[str, Tensor], trunk: str, branches: dict[str, str]) -> dict[str, Tensor]:
    """The branches' copies of last block and norm (`b1.0`, `b1.1`), with the block's backbone number."""
    numbers = [int(m[1]) for name in state if (m := re.match(rf"{re.escape(trunk)}blocks\.(\d+)\.", name))]
    last = max(numbers, default=0)
    branched = any(name.startswith(tuple(branches)) for name in state)
    made: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if branched and name.startswith((f"{trunk}blocks.{last}.", f"{trunk}norm.")):
            continue  # stored by the authors, but unused
        for theirs, ours in branches.items():
            name = re.sub(rf"^{re.escape(theirs)}\.0\.", f"{ours}.late.blocks.{last}.", name)
            name = re.sub(rf"^{re.escape(theirs)}\.1\.", f"{ours}.norm.", name)
        made[name] = tensor
    return made


def _transreid(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return _last_block(state, "base.", {"b1": "b1", "b2": "b2"})


def _view_positions(state: dict[str, Tensor], trunk: str) -> dict[str, Tensor]:
    """The position table of VDT and SeCap contains class, view, grid; ours stores the view's row
    separately."""
    name = f"{trunk}pos_embed"
    if name not in state:
        return state
    table = state[name]
    rows = torch.cat([table[:, :1], table[:, 2:]], dim=1)
    return {**state, name: rows, f"{trunk}view_pos": table[:, 1:2]}


def _vdt(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return _view_positions(state, "backbone.")


def _secap(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return _last_block(_view_positions(state, "backbone.base."), "backbone.base.", {"backbone.b1": "b1"})


def _fastreid_head(theirs: str, ours: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        (rf"{theirs}\.weight", (f"head.{ours}.classifier",)),
        (rf"{theirs}\.bottleneck\.0\.(.*)", (rf"head.{ours}.neck.\1",)),
    )


TRANSREID = Scheme(
    marker=r"^(?:module\.)?base\.patch_embed",
    prepare=_transreid,
    rules=(
        *trunk_rules(r"base\."),
        (r"base\.norm\.(.*)", (r"head.tail.norm.\1",)),
        (r"b1\.(.*)", (r"head.tail.\1",)),
        (r"b2\.(.*)", (r"head.part_tail.\1",)),
        (r"bottleneck\.(.*)", (r"head.necked.0.neck.\1",)),
        (r"bottleneck_(\d)\.(.*)", (r"head.necked.\1.neck.\2",)),
        (r"classifier\.weight", (r"head.necked.0.classifier",)),
        (r"classifier_(\d)\.weight", (r"head.necked.\1.classifier",)),
    ),
    unused=r"base\.fc\..*",
)
VDT = Scheme(
    marker=r"backbone\.view_token",
    prepare=_vdt,
    rules=(
        *trunk_rules(r"backbone\."),
        (r"backbone\.norm\.(.*)", (r"head.tail.norm.\1",)),
        *_fastreid_head("heads", "identity"),
        *_fastreid_head("view_heads", "view"),
    ),
    unused=r"pixel_(?:mean|std)",
)
SECAP = Scheme(
    marker=r"backbone\.prm\.",
    prepare=_secap,
    rules=(
        *trunk_rules(r"backbone\.base\."),
        (r"b1\.(.*)", (r"head.tail.\1",)),
        (r"backbone\.prompt", ("head.prompts",)),
        (r"backbone\.image_pe", ("head.places",)),
        (r"backbone\.out_token", ("head.output_token",)),
        (r"backbone\.prm\.(.*)", (r"head.recalibration.\1",)),
        (r"backbone\.lfrm\.(.*)", (r"head.refinement.\1",)),
        *_fastreid_head("heads", "identity"),
        *_fastreid_head("local_heads", "local"),
        *_fastreid_head("view_heads", "view"),
    ),
    unused=r"pixel_(?:mean|std)|backbone\.prm\.attn2\..*|backbone\.lfrm\.out_token",
)


#: Names of OpenAI's CLIP image tower → timm's. `proj` is stored as width × space, ours as its transpose.
_CLIP_TRUNK = (
    (r"conv1\.(.*)", r"patch_embed.proj.\1"),
    (r"class_embedding", "cls_token"),
    (r"positional_embedding", "pos_embed"),
    (r"ln_pre\.(.*)", r"norm_pre.\1"),
    (r"ln_post\.(.*)", r"norm.\1"),
    (r"transformer\.resblocks\.(\d+)\.ln_([12])\.(.*)", r"blocks.\1.norm\2.\3"),
    (r"transformer\.resblocks\.(\d+)\.attn\.in_proj_(weight|bias)", r"blocks.\1.attn.qkv.\2"),
    (r"transformer\.resblocks\.(\d+)\.attn\.out_proj\.(.*)", r"blocks.\1.attn.proj.\2"),
    (r"transformer\.resblocks\.(\d+)\.mlp\.c_fc\.(.*)", r"blocks.\1.mlp.fc1.\2"),
    (r"transformer\.resblocks\.(\d+)\.mlp\.c_proj\.(.*)", r"blocks.\1.mlp.fc2.\2"),
)


def timm_names(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The image tower of a CLIP file, whose names begin with `prefix`, by timm's names; others unchanged.

    `head.weight` is the projection into the space shared with texts, D×width.
    """
    made: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if not name.startswith(prefix):
            made[name] = tensor
            continue
        short = name.removeprefix(prefix)
        if short == "proj":
            made[f"{prefix}head.weight"] = tensor.T.contiguous()
            continue
        for pattern, template in _CLIP_TRUNK:
            if match := re.fullmatch(pattern, short):
                short = match.expand(template)
                break
        shaped = {"cls_token": tensor.view(1, 1, -1), "pos_embed": tensor[None]} if tensor.dim() <= 2 else {}
        made[prefix + short] = shaped.get(short, tensor)
    return made


def _clip_reid(state: dict[str, Tensor]) -> dict[str, Tensor]:
    made = timm_names(state, "image_encoder.")
    if "cv_embed" in made:
        made["cv_embed"] = made["cv_embed"][:, None]
    return made


CLIP_REID = Scheme(
    marker=r"^(?:module\.)?image_encoder\.",
    prepare=_clip_reid,
    rules=(
        (r"cv_embed", ("backbone.stem.table.rows",)),
        (r"image_encoder\.norm_pre\.(.*)", (r"backbone.stem.net.norm_pre.\1",)),
        *trunk_rules(r"image_encoder\."),
        (r"image_encoder\.norm\.(.*)", (r"head.tail.norm.\1",)),
        (r"image_encoder\.head\.weight", ("head.projection.weight",)),
        (r"bottleneck\.(.*)", (r"head.identity.neck.\1",)),
        (r"bottleneck_proj\.(.*)", (r"head.projected.neck.\1",)),
        (r"classifier\.weight", ("head.identity.classifier",)),
        (r"classifier_proj\.weight", ("head.projected.classifier",)),
    ),
    unused=r"(?:text_encoder|prompt_learner)\..*|logit_scale",
)
