"""The network as executed: on its device, frozen or not, compiled, distributed."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from agreid_cli.config.train import TrainConfig
from agreid_cli.training.distributed import World, with_joint_norms
from agreid_cli.training.freeze import Freeze
from agreid_cli.training.trainee import Trainee


class _WithTerms(nn.Module):
    """A model and the parameters of its loss terms, so that one DDP reducer averages the gradients of
    both."""

    def __init__(self, run: nn.Module, objective: nn.Module) -> None:
        super().__init__()
        self.run, self.objective = run, objective

    def forward(self, *inputs: Any) -> Any:
        return self.run(*inputs)


class Network:
    """The trainee's model as executed: on the device, frozen or not, compiled, on one of many ranks."""

    def __init__(self, trainee: Trainee, config: TrainConfig, *, device: torch.device, world: World) -> None:
        self.device, self.world = device, world
        model = trainee.model.to(device)
        if world.many:
            model = with_joint_norms(model, device)
        self.channels_last = bool(config.model.channels_last)  # auto that was not decided is yes
        if self.channels_last:
            model = model.to(memory_format=torch.channels_last)
        self.model = model
        self.objective = trainee.objective.to(device)
        self.freeze = Freeze(trainee.backbone, trainee.frozen)
        wish = config.model.compile
        self.compiled = device.type == "cuda" if wish == "auto" else bool(wish)
        self.run: Any = self._wrapped()

    def set_frozen(self, on: bool) -> None:
        """Freeze or unfreeze the backbone; DDP is set up again for the parameters that remain."""
        if self.freeze.set(on):
            self.run = None  # the old reducer must be deleted before the new one registers its hooks
            self.run = self._wrapped()
        self.freeze.train(self.model)

    def _wrapped(self) -> Any:
        run: Any = torch.compile(self.model) if self.compiled else self.model
        if not self.world.many:
            return run
        if any(p.requires_grad for p in self.objective.parameters()):
            run = _WithTerms(run, self.objective)
        gpus = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(run, device_ids=gpus)
