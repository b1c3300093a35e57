"""Resize position embeddings learnt at another image size."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from agreid_cli.nn.losses.precision import at_least_single

NAME = "pos_embed"


def resized_positions(
    found: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    *,
    prefix_tokens: int,
    grid: tuple[int, int] | None = None,
) -> dict[str, Tensor]:
    """`{"pos_embed": …}` when both sides have one and only its number of places differs, else `{}`.

    grid: rows and columns of the wanted places, where known.
    """
    old, new = found.get(NAME), wanted.get(NAME)
    if old is None or new is None or old.shape == new.shape or old.dim() != 3 or new.dim() != 3:
        return {}
    # Some networks keep no position for their class token; then all rows are places.
    target: tuple[int, int] | None
    if grid is not None:
        prefix, target = new.shape[1] - grid[0] * grid[1], grid
    else:
        prefix = prefix_tokens if _grid(new.shape[1] - prefix_tokens) else 0
        target = _grid(new.shape[1] - prefix)
    source = _grid(old.shape[1] - prefix)
    if old.shape[2] != new.shape[2] or source is None or target is None:
        return {}
    return {NAME: resize_positions(old, source=source, target=target, prefix=prefix)}


def resize_positions(
    positions: Tensor, *, source: tuple[int, int], target: tuple[int, int], prefix: int
) -> Tensor:
    """1×(prefix + h·w)×C from a grid of `source` rows and columns to `target`, bilinear as in fast-reid.

    The first `prefix` rows belong to the class token and registers and are unchanged.
    """
    positions = at_least_single(positions)
    fixed, places = positions[:, :prefix], positions[:, prefix:]
    image = places.reshape(1, *source, -1).permute(0, 3, 1, 2)
    image = functional.interpolate(image, size=target, mode="bilinear", align_corners=False)
    return torch.cat([fixed, image.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)


def _grid(places: int) -> tuple[int, int] | None:
    """Rows and columns of a grid that is square, or two or three times as high as wide."""
    for tall in (1, 2, 3):
        columns = math.isqrt(max(places, 0) // tall)
        if columns and columns * columns * tall == places:
            return columns * tall, columns
    return None
