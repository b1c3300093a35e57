"""Cross-entropy over the labels of each attribute group (LATex)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from agreid_cli.nn.heads.latex import ATTRIBUTE_LOGITS, one_hot_loss
from agreid_cli.nn.losses.precision import at_least_single
from agreid_cli.nn.outputs import HeadOutput
from agreid_cli.training.batch import Batch


class Attributes(nn.Module):
    """Σ over groups of CE; crops without attributes do not count. sizes: labels of each group."""

    of_method = True

    def __init__(self, *, sizes: Sequence[int], smoothing: float = 0.1) -> None:
        super().__init__()
        self.sizes, self.smoothing = list(sizes), smoothing

    def forward(self, out: HeadOutput, batch: Batch) -> Tensor:
        if batch.attrs is None:
            raise ValueError("a batch of this method has attributes")
        logits = at_least_single(out.extra[ATTRIBUTE_LOGITS])
        return one_hot_loss(logits, batch.attrs, self.sizes, smoothing=self.smoothing)
