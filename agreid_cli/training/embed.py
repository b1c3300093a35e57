"""Crops to embeddings: batches through the network in eval mode, with the mirror image on request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from agreid_cli.progress import Task
from agreid_cli.training.distributed import World, gathered_rows
from agreid_cli.training.precision import Precision


class Crops(Protocol):
    """Resized crops: a memory-mapped cache, or images that are decoded when a slice is taken."""

    def __len__(self) -> int:
        """How many."""

    def __getitem__(self, rows: slice) -> npt.NDArray[np.uint8]:
        """uint8 RGB (n, H, W, 3)."""


def embed(
    model: Any,
    crops: Crops,
    *,
    device: torch.device,
    precision: Precision,
    batch: int,
    flip: bool = False,
    world: World = World(),  # noqa: B008 (frozen)
    task: Task | None = None,
) -> npt.NDArray[np.float32]:
    """float32 (n, D), the row of every crop, on every rank; `flip`: the mean with the mirror image's.

    `model.embed(images)` takes RGB images less `model.backbone.mean`, over `model.backbone.std`, both for
    values 0..1. Every part of the model is in the mode that it was in when this returns.
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    shift = torch.tensor(model.backbone.mean, device=device).view(1, 3, 1, 1)
    scale = torch.tensor(model.backbone.std, device=device).view(1, 3, 1, 1)
    rows = []
    try:
        with torch.inference_mode():
            for part in _shares(len(crops), batch, world):
                pixels = torch.from_numpy(np.array(crops[part]))
                images = pixels.to(device).permute(0, 3, 1, 2).float().div_(255).sub_(shift).div_(scale)
                rows.append(_vectors(model, images, precision, flip))
                if task:
                    task.advance(len(images) * world.size)
    finally:
        for module, mode in modes:
            module.training = mode
    if not rows and not world.many:
        return np.zeros((0, 1), np.float32)
    mine = torch.cat(rows)
    # One rank may embed alone (`world` is then the default) while the others go on.
    everyone = gathered_rows(mine) if world.many else mine
    return np.asarray(everyone.cpu().numpy(), np.float32)


def _vectors(model: Any, images: Tensor, precision: Precision, flip: bool) -> Tensor:
    with precision.autocast():
        vectors: Tensor = model.embed(images).float()
        if flip:
            vectors = (vectors + model.embed(images.flip(3)).float()) / 2
    return vectors


def _shares(n: int, batch: int, world: World) -> Iterator[slice]:
    """The batches of this rank, whose share is one stretch of the rows; never none, where there are rows."""
    first, last = n * world.rank // world.size, n * (world.rank + 1) // world.size
    for start in range(first, last, batch):
        yield slice(start, min(start + batch, last))
