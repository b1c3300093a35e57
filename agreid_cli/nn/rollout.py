"""Attention rollout: the contribution of each patch to the class token (Abnar & Zuidema, ACL 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from agreid_cli.errors import InputError
from agreid_cli.nn.model import ReidModel
from agreid_cli.records.side import Side


def rollout(model: ReidModel, images: Tensor, side: Side | None = None) -> Tensor:
    """B×H×W ≥ 0, each summing to 1: the class token's attention over the patches, through all blocks.

    Each block counts as ½ of its attention, averaged over heads, and ½ of the residual; the result is their
    product from the first block to the last. For TransReID this is the global branch. Raises `InputError` for
    a network without transformer blocks.
    """
    blocks, prefix, grid = _blocks(model)
    found: list[Tensor] = []
    handles = [block.attn.attn_drop.register_forward_hook(_keeper(found)) for block in blocks]
    fused = [block.attn.fused_attn for block in blocks]
    try:
        for block in blocks:
            block.attn.fused_attn = False  # the fused form does not return the attention
        with torch.inference_mode():
            model.eval().embed(images, side)
    finally:
        for handle, block, was in zip(handles, blocks, fused, strict=True):
            handle.remove()
            block.attn.fused_attn = was
    tokens = prefix + grid[0] * grid[1]
    flow = torch.eye(tokens).expand(len(images), -1, -1)
    for attention in found[: len(blocks)]:
        mean = attention.float().mean(1)
        if extra := mean.shape[-1] - tokens:  # prompts of this block, after the leading tokens
            keep = [*range(prefix), *range(prefix + extra, mean.shape[-1])]
            mean = mean[:, keep][:, :, keep]
        step = mean / mean.sum(-1, keepdim=True) / 2 + torch.eye(tokens) / 2
        flow = step @ flow
    weights = flow[:, 0, prefix:]
    return (weights / weights.sum(1, keepdim=True)).unflatten(1, grid)


def _blocks(model: ReidModel) -> tuple[list[Any], int, tuple[int, int]]:
    """The blocks that the class token passes, in order; the number of leading tokens; the grid."""
    stem, head = model.backbone.stem, model.head
    parts: Sequence[Any] = (getattr(stem, "first", None) or getattr(stem, "net", None),
                            getattr(head, "shared", None), getattr(head, "tail", None))  # fmt: skip
    blocks: list[Any] = []
    for part in parts:
        late = getattr(part, "late", part)
        inner = getattr(late, "blocks", None)
        if isinstance(inner, nn.Module):
            blocks += [b for b in inner.children() if hasattr(getattr(b, "attn", None), "attn_drop")]
    tail = getattr(head, "tail", None)
    late = getattr(tail, "late", tail)
    prefix, grid = (
        getattr(late, "prefix", getattr(late, "prefix_tokens", None)),
        getattr(late, "rows_columns", None),
    )
    if not blocks or prefix is None or grid is None:
        raise InputError(
            "this network has no transformer blocks, so it has no attention to show",
            hint="Train a stream that explains it: agreid train --recipe explain-campus "
            "--set explain.teacher=runs/NAME",
        )
    return blocks, int(prefix), (int(grid[0]), int(grid[1]))


def _keeper(found: list[Tensor]) -> Any:
    def keep(module: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> None:
        found.append(given[0].detach().cpu())

    return keep
