"""What the explainable stream is asked to do: parts that add up, lie where attributes differ, and a reading.

Total = L_d + α·L_p1 + β·L_p2 (Eq. 3) + the stream that recognises attributes, which shares nothing with the
maps but the frozen stem, unless it is told to read their late stages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.config.explain import ExplainConfig
from agreid_cli.nn.interpreter import Explained
from agreid_cli.nn.losses.balanced import balanced_bce
from agreid_cli.nn.losses.distill import attribute_prior, metric_distillation
from agreid_cli.nn.pooled import base_distances, part_distances
from agreid_cli.training.batch import Batch
from agreid_cli.training.objective import Losses


@dataclass(frozen=True)
class Bits:
    """The attribute bits that a stream is about: a codebook, and where its bits lie in the manifest's."""

    codebook: Codebook
    columns: tuple[int, ...]  # M, into the manifest's bits

    @classmethod
    def of(cls, stored: Codebook, exclude: Sequence[str]) -> Bits:
        """The manifest's codebook without the groups named; `InputError` for a name that is no group."""
        gone = [name for name in exclude if name in stored.names or name.strip()]
        codebook = stored.excluding(gone) if gone else stored
        return cls(codebook, tuple(stored.bits.index(bit) for bit in codebook.bits))

    def take(self, attrs: np.ndarray) -> np.ndarray:
        """Of the manifest's bits, uint8 (n, all), those of this codebook: (n, M)."""
        return np.ascontiguousarray(attrs[:, list(self.columns)])


class ExplainObjective:
    """`objective(model, batch)` for an `Interpreter`; `rates` (M,) are the shares of people with each bit."""

    def __init__(self, config: ExplainConfig, bits: Bits, rates: np.ndarray) -> None:
        self.config = config
        book = bits.codebook
        self.columns = torch.tensor(bits.columns)
        self.unknown = torch.tensor(book.unknown_bits)
        self.group_of_bit = torch.repeat_interleave(
            torch.arange(len(book.sizes)), torch.tensor(book.sizes), output_size=book.n_bits
        )
        self.rates = torch.as_tensor(rates, dtype=torch.float32)

    def __call__(self, model: nn.Module, batch: Batch) -> Losses:
        if batch.attrs is None:
            raise ValueError("a batch of the explainable stream has attributes")
        out: Explained = model(batch.images)
        with torch.autocast(batch.images.device.type, enabled=False):
            return self.losses(out, batch.attrs[:, self.columns.to(batch.attrs.device)])

    def losses(self, out: Explained, bits: Tensor) -> Losses:
        """`bits` (n, M) uint8: the attributes of the n crops that `out` is about."""
        config = self.config
        parts = part_distances(out.vectors)
        d = base_distances(out.base, out.base)
        known = self._known(bits) if config.ignore_unknown else None
        distance = metric_distillation(d, parts)
        one, two = attribute_prior(parts, bits, config.v, known=known)
        reading = balanced_bce(out.attributes, bits, self.rates.to(bits.device))
        total = (
            config.distance_weight * distance
            + config.alpha * one
            + config.beta * two
            + config.recognition_weight * reading
        )
        named = {"total": total, "distance": distance, "prior1": one, "prior2": two, "attributes": reading}
        return Losses(total, {name: value.detach() for name, value in named.items()})

    def _known(self, bits: Tensor) -> Tensor:
        """(n, M) bool: the bit's group is known for this person."""
        known = bits[:, self.unknown.to(bits.device)] == 0
        return known[:, self.group_of_bit.to(bits.device)]
