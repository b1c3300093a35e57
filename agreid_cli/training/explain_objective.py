"""The objective of the explainable stream: parts add up and are on attributes that differ; recognition.

Total = L_d + α·L_p1 + β·L_p2 (Eq. 3) + the recognition loss of the attribute stream, which shares only the
frozen stem with the maps, unless it is configured to use their late stages.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from agreid_cli.config.explain import ExplainConfig
from agreid_cli.nn.explain_stream import Explained
from agreid_cli.nn.losses.balanced import balanced_bce
from agreid_cli.nn.losses.distill import attribute_prior, metric_distillation
from agreid_cli.nn.pooled import base_distances, part_distances
from agreid_cli.training.batch import Batch
from agreid_cli.training.bits import Bits
from agreid_cli.training.objective import Losses


class ExplainObjective(nn.Module):
    """`objective(model, batch)` for an `ExplainStream`; `rates` (M,): fraction of people with each bit.

    The terms share their distances, so they are one module.
    """

    columns: Tensor
    unknown: Tensor
    group_of_bit: Tensor
    rates: Tensor

    def __init__(self, config: ExplainConfig, bits: Bits, rates: np.ndarray) -> None:
        super().__init__()
        self.config = config
        book = bits.codebook
        group_of_bit = torch.repeat_interleave(
            torch.arange(len(book.sizes)), torch.tensor(book.sizes), output_size=book.n_bits
        )
        # They are determined by data and configuration, so a checkpoint need not contain them.
        self.register_buffer("columns", torch.tensor(bits.columns), persistent=False)
        self.register_buffer("unknown", torch.tensor(book.unknown_bits), persistent=False)
        self.register_buffer("group_of_bit", group_of_bit, persistent=False)
        self.register_buffer("rates", torch.as_tensor(rates, dtype=torch.float32), persistent=False)

    def forward(self, model: Any, batch: Batch) -> Losses:
        if batch.attrs is None:
            raise ValueError("a batch of the explainable stream has attributes")
        out: Explained = model(batch.images, batch.side)
        with torch.autocast(batch.images.device.type, enabled=False):
            return self.losses(out, batch.attrs[:, self.columns])

    def losses(self, out: Explained, bits: Tensor) -> Losses:
        """`bits` (n, M) uint8: the attributes of the n crops of `out`."""
        config = self.config
        parts = part_distances(out.vectors)
        d = base_distances(out.base, out.base)
        known = self._known(bits) if config.ignore_unknown else None
        distance = metric_distillation(d, parts)
        one, two = attribute_prior(parts, bits, config.v, known=known)
        reading = balanced_bce(out.attributes, bits, self.rates, config.balance)
        total = (
            config.distance_weight * distance
            + config.alpha * one
            + config.beta * two
            + config.recognition_weight * reading
        )
        named = {"total": total, "distance": distance, "prior1": one, "prior2": two, "attributes": reading}
        return Losses(total, {name: value.detach() for name, value in named.items()})

    def _known(self, bits: Tensor) -> Tensor:
        """(n, M) bool: whether the bit's group is known for this person."""
        known = bits[:, self.unknown] == 0
        return known[:, self.group_of_bit]
