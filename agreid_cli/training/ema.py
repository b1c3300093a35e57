"""Exponential moving average of the weights (timm's `ModelEmaV3`); it often ranks better than the last."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class Ema:
    """Average of all weights and statistics: `s ← d·s + (1 − d)·w`, `d = min(decay, (1 + n) / (10 + n))`.

    The smaller `d` of the first updates quickly removes the untrained weights; it is computed here, because
    timm's own warm-up has another form. Integers (the counts of batch norms) are copied.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        from timm.utils import ModelEmaV3

        self.decay, self.updates = decay, 0
        self.mean: Any = ModelEmaV3(model, decay)

    @property
    def shadow(self) -> dict[str, Tensor]:
        """The averaged weights by name."""
        shadow: dict[str, Tensor] = self.mean.module.state_dict()
        return shadow

    def update(self, model: nn.Module) -> None:
        """Update with the weights after one optimiser step."""
        self.updates += 1
        self.mean.decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.mean.update(model)

    def state_dict(self) -> dict[str, Any]:
        return {"updates": self.updates, "shadow": self.shadow}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.updates = state["updates"]
        self.mean.module.load_state_dict(state["shadow"])
