"""Check that a run learns at all: after the first step the loss is finite and weights have changed.

Training code that wraps or copies its parameters can run for days without changing anything; this check costs
one copy of the weights for one step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import nn

from agreid_cli.errors import AgreidError, Problem

SHOWN = 8


class Guard:
    """Create before the first step; call `check` after it."""

    def __init__(self, model: nn.Module) -> None:
        self.before = {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}
        if not self.before:
            raise AgreidError("no weight of the network is trainable", hint="Check what the recipe freezes.")

    def check(self, model: nn.Module) -> None:
        """Raise `AgreidError` if no weight changed, or if one is no longer a number."""
        after = dict(model.named_parameters())
        bad = [name for name in self.before if not torch.isfinite(after[name]).all()]
        if bad:
            raise AgreidError(
                f"after the first step {len(bad)} of {len(self.before)} weights are not finite",
                problems=[Problem(name, "contains NaN or infinity") for name in bad[:SHOWN]],
                hint="Lower the learning rate (--set optim.lr=…) or train with --set precision=fp32.",
            )
        moved = sum(not torch.equal(value, after[name].detach()) for name, value in self.before.items())
        if not moved:
            without = [name for name in self.before if after[name].grad is None]
            what = f"{len(without)} of {len(self.before)} weights got no gradient"
            raise AgreidError(
                "the first step moved no weight, so the run would learn nothing",
                problems=[Problem("", what)],
                hint="Check optim.lr, the warm-up factor and what is frozen; otherwise this is a bug.",
            )


def check_finite(losses: Mapping[str, float], *, epoch: int, step: int) -> None:
    """Raise `AgreidError` naming the parts of the loss that are NaN or infinite."""
    bad = {name: value for name, value in losses.items() if not math.isfinite(value)}
    if bad:
        raise AgreidError(
            f"the loss is not finite at step {step} (epoch {epoch}), so training stopped",
            problems=[Problem(name, f"is {value}") for name, value in bad.items()],
            hint="Lower the learning rate (--set optim.lr=…), clip (--set optim.clip=5), lengthen the "
            "warm-up, or train with --set precision=fp32. The last good checkpoint is kept.",
        )
