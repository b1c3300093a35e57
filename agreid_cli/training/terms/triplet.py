"""Triplet loss within the joint batch of all ranks, for every metric feature of the head."""

from __future__ import annotations

from torch import Tensor, nn

from agreid_cli.nn.losses.precision import at_least_single
from agreid_cli.nn.losses.triplet import triplet, weighted_triplet
from agreid_cli.nn.outputs import HeadOutput
from agreid_cli.training.batch import Batch
from agreid_cli.training.distributed import gathered
from agreid_cli.training.terms.weighted import weighted_sum


class Triplet(nn.Module):
    """Σ weight · triplet. kind: margin or soft (hardest pair of each anchor), or weighted (all pairs).

    Under torchrun the features of all ranks are gathered, with gradient.
    """

    def __init__(
        self,
        *,
        kind: str = "margin",
        margin: float = 0.3,
        normalise: bool = False,
        overflow_margin: float | None = None,
    ) -> None:
        super().__init__()
        self.kind, self.margin, self.normalise = kind, margin, normalise
        self.overflow_margin = overflow_margin

    def forward(self, out: HeadOutput, batch: Batch) -> Tensor:
        labels = gathered(batch.label)
        return weighted_sum(
            [self._one(gathered(at_least_single(part.values)), labels) for part in out.metric],
            [part.weight for part in out.metric],
        )

    def _one(self, vectors: Tensor, labels: Tensor) -> Tensor:
        if self.kind == "weighted":
            return weighted_triplet(vectors, labels, normalize=self.normalise)
        soft = self.kind == "soft"
        return triplet(
            vectors,
            labels,
            margin=self.margin,
            soft=soft,
            normalize=self.normalise,
            overflow_margin=self.overflow_margin,
        )
