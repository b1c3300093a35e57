"""Compute embeddings of crops: batches through the network in eval mode, optionally with the mirror image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from agreid_cli.nn.encoder import Encoder
from agreid_cli.progress import Task
from agreid_cli.training.distributed import World, gathered_rows
from agreid_cli.training.side import SideColumns


class Crops(Protocol):
    """Resized crops: a memory-mapped cache, or images that are decoded when a slice is taken."""

    def __len__(self) -> int:
        """How many."""

    def __getitem__(self, rows: slice) -> npt.NDArray[np.uint8]:
        """uint8 RGB (n, H, W, 3)."""


@dataclass(frozen=True)
class SidedCrops:
    """Crops with the side information that the network needs."""

    pixels: Crops
    side: SideColumns

    def __len__(self) -> int:
        return len(self.pixels)


def embed(
    encoder: Encoder,
    crops: SidedCrops,
    *,
    batch: int,
    flip: bool = False,
    world: World = World(),  # noqa: B008 (frozen)
    task: Task | None = None,
) -> npt.NDArray[np.float32]:
    """float32 (n, D), one row per crop, on every rank; `flip`: the mean with the mirror image's.

    On return, every part of the model is in its previous mode.
    """
    modes = [(module, module.training) for module in encoder.model.modules()]
    encoder.model.eval()
    rows = []
    try:
        with torch.inference_mode():
            for part in _shares(len(crops), batch, world):
                images = encoder.images(crops.pixels[part])
                rows.append(encoder.embed(images, crops.side.of(part, encoder.device), flip=flip))
                if task:
                    task.advance(len(images) * world.size)
    finally:
        for module, mode in modes:
            module.training = mode
    # A rank may have no crop if there are few; it does not know the width then.
    mine = torch.cat(rows) if rows else torch.zeros(0, 1, device=encoder.device)
    # One rank may embed alone (`world` is then the default) while the others continue.
    everyone = gathered_rows(mine) if world.many else mine
    return np.asarray(everyone.cpu().numpy(), np.float32)


def _shares(n: int, batch: int, world: World) -> Iterator[slice]:
    """The batches of this rank, which are consecutive rows; none if there are too few crops."""
    first, last = n * world.rank // world.size, n * (world.rank + 1) // world.size
    for start in range(first, last, batch):
        yield slice(start, min(start + batch, last))
