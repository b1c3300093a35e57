"""Center loss (Wen et al., ECCV 2016), used by BoT with weight 0.0005: one learned centre per identity."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from agreid_cli.nn.outputs import HeadOutput
from agreid_cli.training.batch import Batch


class Center(nn.Module):
    """½ · mean over crops of ‖f − c_y‖², of the first metric feature. The centres are parameters."""

    def __init__(self, *, n_ids: int, width: int) -> None:
        super().__init__()
        self.centers = nn.Parameter(torch.zeros(n_ids, width))

    def forward(self, out: HeadOutput, batch: Batch) -> Tensor:
        vectors = out.metric[0].values.float()
        return (vectors - self.centers[batch.label]).square().sum(1).mean() / 2
