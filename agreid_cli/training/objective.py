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
from agreid_cli.errors import InputError, Problems
from agreid_cli.nn.outputs import HeadOutput
from agreid_cli.training.batch import Batch
from agreid_cli.training.terms import is_of_method, make_term

#: Name in the log → (weight, module).
Terms = dict[str, tuple[float, nn.Module]]
Options = Mapping[str, Any]
NONE: Options = {}


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


def terms_of(loss: LossConfig, *, n_ids: int, width: int) -> Terms:
    """The configured terms: cross-entropy, triplet, and those of `loss.terms`.

    width: of the features compared by the metric loss.
    """
    return with_configured(identity_terms(loss), loss, n_ids=n_ids, width=width)


def identity_terms(loss: LossConfig, *, ce: Options = NONE, triplet: Options = NONE) -> Terms:
    """Cross-entropy and triplet as configured. ce, triplet: further options of each term."""
    part = loss.triplet
    made: Terms = {"ce": (loss.ce_weight, _term("cross-entropy", {"smoothing": loss.label_smoothing, **ce}))}
    if part.kind != "none":
        options = {"kind": part.kind, "margin": part.margin, "normalise": part.normalise, **triplet}
        made["triplet"] = (part.weight, _term("triplet", options))
    return made


def with_configured(own: Terms, loss: LossConfig, *, n_ids: int, width: int) -> Terms:
    """The terms of a method and those of `loss.terms`; arguments as for `terms_of`.

    Raises `InputError` for a name of `loss.terms` that is unknown, taken, or only of use to a method.
    """
    problems = Problems()
    made: Terms = {}
    for name, said in loss.terms.items():
        where = f"loss.terms.{name}"
        try:
            if is_of_method(name):
                problems.add(where, "needs a certain method, which adds this term itself")
            elif name in own:
                problems.add(where, f"is a term already; it is configured by loss.{name}")
            else:
                made[name] = (said.weight, make_term(name, said.options, n_ids=n_ids, width=width))
        except InputError as error:
            problems.add(where, error.message)
    problems.raise_if_any("terms of the loss that cannot be added: {n}")
    return own | made


def check_terms(loss: LossConfig) -> None:
    """`InputError` if `loss.terms` cannot be used; needs no data."""
    terms_of(loss, n_ids=1, width=1)


def _term(name: str, options: Options) -> nn.Module:
    return make_term(name, options, n_ids=0, width=0)
