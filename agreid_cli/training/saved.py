"""Read the network of a run from its weight file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from agreid_cli.config.load import from_toml
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import MissingError
from agreid_cli.nn.encoder import Encoder
from agreid_cli.records.files import sha256
from agreid_cli.records.runs import Run
from agreid_cli.training.checkpoint import load_weights, restore_weights
from agreid_cli.training.facts import Facts, read_facts
from agreid_cli.training.methods import method_of


@dataclass(frozen=True)
class Loaded:
    """The network of a run, on the CPU and in eval mode, and its origin.

    model: a module, and an `Embedder` of `nn.encoder`. epoch, step: when its weights were saved.
    """

    model: Any
    config: TrainConfig
    facts: Facts
    epoch: str
    step: str
    weights_sha256: str

    def encoder(
        self,
        device: torch.device | str = "cpu",
        autocast: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> Encoder:
        """The network on the device, as an encoder of crops."""
        size, interpolation = self.config.model.size, self.config.data.interpolation
        return Encoder(
            self.model.to(device), size=size, interpolation=interpolation, device=device, autocast=autocast
        )


def load_network(run: Run) -> Loaded:
    """The weights that a run reports (`Run.weights`), in the network they belong to."""
    if not run.weights.is_file():
        raise MissingError(
            f"the run '{run.name}' has no weights yet: {run.weights} does not exist",
            hint="Train it, or continue it: agreid train --resume",
        )
    stored, source = load_weights(run.weights), str(run.weights)
    config = from_toml(TrainConfig, stored.metadata["config"], source)
    method = method_of(config)
    facts = read_facts(method.facts, stored.metadata, source)
    # Pretrained weights are not needed: all weights come from the file.
    blank = config.model_copy(update={"model": config.model.model_copy(update={"weights": "none"})})
    model = method.network(blank, facts)
    restore_weights(model, stored.tensors, source)
    epoch, step = (stored.metadata.get(name, "?") for name in ("epoch", "step"))
    return Loaded(model.eval(), config, facts, epoch, step, sha256(run.weights))
