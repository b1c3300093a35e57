"""Freeze a part of the network, for some iterations or for good: no gradients, constant norm statistics."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn


class Freeze:
    """Freezes and unfreezes `parts` (modules) of a network; parameters that were never trainable stay frozen.

    always: modules that are always frozen.
    """

    def __init__(self, parts: Sequence[nn.Module], always: Sequence[nn.Module] = ()) -> None:
        self.parts, self.always = list(parts), list(always)
        for part in self.always:
            part.requires_grad_(False)
        self.parameters = [p for part in self.parts for p in part.parameters() if p.requires_grad]
        self.on = False

    def set(self, on: bool) -> bool:
        """Freeze or unfreeze; returns whether that changed anything."""
        changed = on != self.on and bool(self.parameters)
        for parameter in self.parameters:
            parameter.requires_grad_(not on)
            if on:
                parameter.grad = None
        self.on = on
        return changed

    def train(self, model: nn.Module) -> None:
        """`model.train()`, but frozen modules keep their statistics."""
        model.train()
        for part in [*self.always, *(self.parts if self.on else ())]:
            part.eval()
