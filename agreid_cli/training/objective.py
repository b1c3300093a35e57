"""The training objective: a weighted sum of loss terms.

The loop only calls `objective(model, batch) -> Losses`; a method may use its own objective.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from agreid_cli.config.model import LossConfig
from agreid_cli.nn.outputs import HeadOutput
from agreid_cli.training.batch import Batch
from agreid_cli.training.terms import make_term


@dataclass(frozen=True)
class Losses:
    """`total` is minimised; `named` are its parts, unweighted and without gradient."""

    total: Tensor
    named: dict[str, Tensor]


class Objective(nn.Module):
    """Total = Σ weight · term(out, batch), in float32 whatever the precision of the network.

    terms: name in the log → (weight, module). A term of weight 0 is left out.
    """

    def __init__(self, terms: Mapping[str, tuple[float, nn.Module]]) -> None:
        super().__init__()
        used = {name: pair for name, pair in terms.items() if pair[0]}
        self.weights = {name: weight for name, (weight, _) in used.items()}
        self.terms = nn.ModuleDict({name: term for name, (_, term) in used.items()})

    def forward(self, model: Any, batch: Batch) -> Losses:
        out: HeadOutput = model(batch.images, batch.side, batch.label)
        with torch.autocast(batch.images.device.type, enabled=False):
            return self.losses(out, batch)

    def losses(self, out: HeadOutput, batch: Batch) -> Losses:
        """The losses of a head's output; all its tensors have one row per crop."""
        total = out.embedding.new_zeros((), dtype=torch.float32)
        named: dict[str, Tensor] = {}
        for name, term in self.terms.items():
            named[name] = term(out, batch)
            total = total + self.weights[name] * named[name]
        return Losses(total, {"total": total.detach(), **{k: v.detach() for k, v in named.items()}})


def terms_of(loss: LossConfig, *, n_ids: int, width: int) -> dict[str, tuple[float, nn.Module]]:
    """The configured terms: cross-entropy, triplet, and those of `loss.terms`.

    width: of the features compared by the metric loss.
    """

    def term(name: str, options: Mapping[str, Any]) -> nn.Module:
        return make_term(name, options, n_ids=n_ids, width=width)

    part = loss.triplet
    terms = {"ce": (loss.ce_weight, term("cross-entropy", {"smoothing": loss.label_smoothing}))}
    if part.kind != "none":
        options = {"kind": part.kind, "margin": part.margin, "normalise": part.normalise}
        terms["triplet"] = (part.weight, term("triplet", options))
    return terms | configured_terms(loss, n_ids=n_ids, width=width)


def configured_terms(loss: LossConfig, *, n_ids: int, width: int) -> dict[str, tuple[float, nn.Module]]:
    """The terms of `loss.terms`; arguments as for `terms_of`."""
    return {
        name: (said.weight, make_term(name, said.options, n_ids=n_ids, width=width))
        for name, said in loss.terms.items()
    }
