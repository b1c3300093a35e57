"""Cross-entropy over all logits of the head."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from agreid_cli.nn.losses.cross_entropy import cross_entropy
from agreid_cli.nn.outputs import HeadOutput
from agreid_cli.training.batch import Batch
from agreid_cli.training.terms.weighted import weighted_sum


class CrossEntropy(nn.Module):
    """Σ weight · CE, each against the labels or the logits' own target. Options: see `cross_entropy`."""

    def __init__(
        self, *, smoothing: float = 0.1, spread: str = "others", skip_saturated: bool = False
    ) -> None:
        super().__init__()
        self.options: dict[str, Any] = {
            "smoothing": smoothing, "spread": spread, "skip_saturated": skip_saturated,
        }  # fmt: skip

    def forward(self, out: HeadOutput, batch: Batch) -> Tensor:
        return weighted_sum(
            [
                cross_entropy(
                    part.values,
                    batch.label if part.target is None else part.target,
                    **self.options,
                )
                for part in out.logits
            ],
            [part.weight for part in out.logits],
        )
