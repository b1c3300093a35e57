"""Cross-entropy over all logits of the head."""

from __future__ import annotations

from torch import Tensor, nn

from agreid_cli.nn.losses.cross_entropy import cross_entropy
from agreid_cli.nn.outputs import HeadOutput
from agreid_cli.training.batch import Batch
from agreid_cli.training.terms.weighted import weighted_sum


class CrossEntropy(nn.Module):
    """Σ weight · CE, each against the labels or the logits' own target; smoothing ε is spread over the wrong
    classes."""

    def __init__(self, *, smoothing: float = 0.1) -> None:
        super().__init__()
        self.smoothing = smoothing

    def forward(self, out: HeadOutput, batch: Batch) -> Tensor:
        return weighted_sum(
            [
                cross_entropy(
                    part.values.float(),
                    batch.label if part.target is None else part.target,
                    smoothing=self.smoothing,
                )
                for part in out.logits
            ],
            [part.weight for part in out.logits],
        )
