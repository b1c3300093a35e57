"""The complete state of a run: network, optimiser, scaler, averaged weights, position."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from agreid_cli.config.train import TrainConfig
from agreid_cli.progress import SILENT, Progress
from agreid_cli.training.checkpoint import random_state, set_random_state
from agreid_cli.training.distributed import World, every_rank
from agreid_cli.training.ema import Ema
from agreid_cli.training.network import Network
from agreid_cli.training.optim import make_optimiser, parameter_groups
from agreid_cli.training.position import Position
from agreid_cli.training.precision import choose_precision
from agreid_cli.training.trainee import Trainee


class Training:
    """A run in memory. `state_dict` is complete: a run that loads it continues with identical results."""

    def __init__(
        self,
        trainee: Trainee,
        config: TrainConfig,
        *,
        device: torch.device,
        world: World = World(),  # noqa: B008 (frozen)
        progress: Progress = SILENT,
    ) -> None:
        self.config, self.device, self.world = config, device, world
        self.network = Network(trainee, config, device=device, world=world)
        self.objective = self.network.objective
        backbone = {id(p) for part in trainee.backbone for p in part.parameters()}
        both = nn.ModuleList([self.network.model, self.objective])
        ours = dict(both.named_parameters())
        groups = parameter_groups(
            both, config.optim, is_backbone=lambda name: id(ours[name]) in backbone, own=trainee.groups
        )
        self.optimiser = make_optimiser(groups, config.optim, lr=config.learning_rate)
        self.precision = choose_precision(config.precision, device, progress)
        self.scaler = self.precision.scaler()
        self.ema = Ema(self.network.model, config.ema) if config.ema else None
        has_weights = bool(self.objective.state_dict())
        self.ema_of_terms = Ema(self.objective, config.ema) if config.ema and has_weights else None
        self.position = Position()
        self.proved = False  # checked that weights change
        self.scale_before = self.scaler.get_scale()

    def weights(self) -> dict[str, torch.Tensor]:
        """The weights used for ranking and export: the averaged ones if they exist."""
        return self.ema.shadow if self.ema else self.network.model.state_dict()

    def state_dict(self) -> dict[str, Any]:
        """Everything that a resumed run needs. Every rank must call it: it contains the generators of all."""
        return {
            "position": self.position.state_dict(),
            "model": self.network.model.state_dict(),
            "objective": self.objective.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "ema": self.ema.state_dict() if self.ema else None,
            "ema_of_terms": self.ema_of_terms.state_dict() if self.ema_of_terms else None,
            "random": every_rank(random_state(self.device)),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.position = Position.of(state["position"])
        self.proved = self.position.step > 0
        self.network.model.load_state_dict(state["model"])
        self.objective.load_state_dict(state.get("objective", {}))  # runs of agreid 0.1 have none
        self.optimiser.load_state_dict(state["optimiser"])
        if state["scaler"]:
            self.scaler.load_state_dict(state["scaler"])
        if self.ema:
            self.ema.load_state_dict(state["ema"])
        if self.ema_of_terms:
            self.ema_of_terms.load_state_dict(state["ema_of_terms"])
        set_random_state(state["random"][self.world.rank % len(state["random"])], self.device)
