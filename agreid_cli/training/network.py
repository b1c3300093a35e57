"""What the loop trains, and the network as it is run: on its device, frozen or not, compiled, one of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from agreid_cli.config.train import TrainConfig
from agreid_cli.training.distributed import World, with_joint_norms
from agreid_cli.training.freeze import Freeze
from agreid_cli.training.objective import Objective


@dataclass(frozen=True)
class Trainee:
    """`model` has `embed(images) -> B×D`; `backbone` are the modules that the schedule may hold still.

    `facts` go into the weight file: what it takes to build the same network again, beside the configuration.
    """

    model: nn.Module
    objective: Objective
    backbone: Sequence[nn.Module]
    facts: dict[str, str]


class Network:
    """The trainee's model as it is run here: on the device, frozen or not, compiled, one of many ranks."""

    def __init__(self, trainee: Trainee, config: TrainConfig, *, device: torch.device, world: World) -> None:
        self.device, self.world = device, world
        model = trainee.model.to(device)
        if world.many:
            model = with_joint_norms(model, device)
        self.channels_last = config.model.channels_last
        if self.channels_last:
            model = model.to(memory_format=torch.channels_last)
        self.model = model
        self.freeze = Freeze(trainee.backbone)
        wish = config.model.compile
        self.compiled = device.type == "cuda" if wish == "auto" else bool(wish)
        self.run: Any = self._wrapped()

    def set_frozen(self, on: bool) -> None:
        """Hold the backbone still, or let it go; processes agree anew on what is reduced."""
        if self.freeze.set(on):
            self.run = None  # the old reducer must go before the new one hooks on to the parameters
            self.run = self._wrapped()
        self.freeze.train(self.model)

    def _wrapped(self) -> Any:
        run: Any = torch.compile(self.model) if self.compiled else self.model
        if not self.world.many:
            return run
        gpus = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(run, device_ids=gpus)
