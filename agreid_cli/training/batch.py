"""What the network is shown in one step, by name."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Batch:
    """`B` crops, all tensors on one device; row `i` of each belongs to the same crop."""

    images: torch.Tensor  # B×3×H×W float32, normalised for the backbone
    label: torch.Tensor  # B int64, 0..N−1 over the training identities; −1 outside training
    pid: torch.Tensor  # B int64
    camid: torch.Tensor  # B int64
    view: torch.Tensor  # B int64, 0 aerial, 1 ground (`samples.VIEWS`)
    attrs: torch.Tensor | None  # B×M uint8; a row without attributes is all zero; None: no crop has any
    index: torch.Tensor  # B int64, rows of the `Samples` the batch was drawn from

    def __len__(self) -> int:
        return len(self.index)
