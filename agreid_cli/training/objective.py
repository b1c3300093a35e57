"""What a network is asked to do: cross entropy over identities, and triplets within the batch.

The loop knows only `objective(model, batch) -> Losses`; the explainable stream is another objective.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from agreid_cli.config.model import LossConfig
from agreid_cli.nn.losses.cross_entropy import cross_entropy
from agreid_cli.nn.losses.triplet import triplet, weighted_triplet
from agreid_cli.nn.outputs import HeadOutput
from agreid_cli.training.batch import Batch
from agreid_cli.training.distributed import gathered


@dataclass(frozen=True)
class Losses:
    """`total` is what is minimised; `named` are its parts as they are shown, without gradient."""

    total: Tensor
    named: dict[str, Tensor]


Objective = Callable[[nn.Module, Batch], Losses]


class ReidObjective:
    """Total = ce_weight · CE + triplet.weight · triplet, each a mean over the vectors of the head.

    Under torchrun the triplets are mined in the joint batch: the features of all ranks, with gradient.
    Losses are computed in fp32 whatever the network ran in.
    """

    def __init__(self, config: LossConfig) -> None:
        self.config = config

    def __call__(self, model: nn.Module, batch: Batch) -> Losses:
        out: HeadOutput = model(batch.images, batch.label)
        with torch.autocast(batch.images.device.type, enabled=False):
            return self.losses(out, batch.label)

    def losses(self, out: HeadOutput, label: Tensor) -> Losses:
        """The losses of what the head gave; every tensor of it has one row a crop."""
        named: dict[str, Tensor] = {}
        total = out.embedding.new_zeros((), dtype=torch.float32)
        if self.config.ce_weight:
            smoothing = self.config.label_smoothing
            named["ce"] = _mean([cross_entropy(v.float(), label, smoothing=smoothing) for v in out.logits])
            total = total + self.config.ce_weight * named["ce"]
        part = self.config.triplet
        if part.kind != "none" and part.weight:
            all_labels = gathered(label)
            named["triplet"] = _mean([self._triplet(gathered(v.float()), all_labels) for v in out.metric])
            total = total + part.weight * named["triplet"]
        return Losses(total, {"total": total.detach(), **{k: v.detach() for k, v in named.items()}})

    def _triplet(self, vectors: Tensor, labels: Tensor) -> Tensor:
        part = self.config.triplet
        if part.kind == "weighted":
            return weighted_triplet(vectors, labels, normalize=part.normalise)
        soft = part.kind == "soft"
        return triplet(vectors, labels, margin=part.margin, soft=soft, normalize=part.normalise)


def _mean(values: list[Tensor]) -> Tensor:
    return torch.stack(values).mean()
