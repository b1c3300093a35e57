"""The input of one training step, by name."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from agreid_cli.records.side import Side


@dataclass(frozen=True)
class Batch:
    """`B` crops, all tensors on one device; row `i` of each belongs to the same crop."""

    images: torch.Tensor  # B×3×H×W float32, normalised for the backbone
    label: torch.Tensor  # B int64, 0..N−1 over the training identities; −1 outside training
    pid: torch.Tensor  # B int64
    side: Side  # the camera's row in the list of training cameras, the view, and the box
    attrs: torch.Tensor | None  # B×M uint8; a row without attributes is all zero; None: no crop has any
    index: torch.Tensor  # B int64, rows of the `Samples` the batch was drawn from

    def __len__(self) -> int:
        return len(self.index)

    def first(self, crops: int) -> Batch:
        """The first crops only."""
        few = slice(crops)
        attrs = None if self.attrs is None else self.attrs[few]
        return Batch(self.images[few], self.label[few], self.pid[few], self.side[few], attrs, self.index[few])

    def tensors(self) -> list[torch.Tensor]:
        """All tensors, for recording their use on a GPU stream."""
        every = [*vars(self).values(), *vars(self.side).values()]
        return [tensor for tensor in every if isinstance(tensor, torch.Tensor)]
