"""Cross-entropy of the view: the view token of VDT and SeCap must tell aerial from ground."""

from __future__ import annotations

from torch import Tensor, nn

from agreid_cli.nn.heads.view_free import VIEW_LOGITS
from agreid_cli.nn.losses.cross_entropy import cross_entropy
from agreid_cli.nn.outputs import HeadOutput
from agreid_cli.training.batch import Batch


class View(nn.Module):
    """CE of `out.extra["view_logits"]`, B×2: column 0 ground, 1 aerial, as in published checkpoints."""

    of_method = True

    def __init__(self, *, skip_saturated: bool = False) -> None:
        super().__init__()
        self.skip_saturated = skip_saturated

    def forward(self, out: HeadOutput, batch: Batch) -> Tensor:
        view = batch.side.view
        assert view is not None
        return cross_entropy(
            out.extra[VIEW_LOGITS], 1 - view, smoothing=0.0, skip_saturated=self.skip_saturated
        )
