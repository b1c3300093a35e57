"""The method interface: the functions called by the stages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from torch import nn

from agreid_cli.config.base import Frozen
from agreid_cli.config.load import build
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError, Problem
from agreid_cli.progress import Progress
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.facts import Facts
from agreid_cli.training.trainee import Data, Trainee

O = TypeVar("O", bound=Frozen)  # noqa: E741


class NoOptions(Frozen):
    """For a method without options."""


def _unchanged(workspace: Workspace, config: TrainConfig, run: Run) -> TrainConfig:
    return config


@dataclass(frozen=True)
class Method:
    """A way to train and use a network.

    prepare(workspace, config, progress): the crops for training, and the trainee; called after
    `torch.manual_seed`. Refuses data that the method cannot learn from.
    network(config, facts): the same network with any weights, into which a weight file is loaded.
    resolve(workspace, config, run): the complete configuration, checked, before any crop is read.
    options: the allowed content of `method.options`, as a pydantic model with defaults.
    facts: stored with the weights.
    ranked: whether epochs are ranked during training, and the best is kept. explains: whether a run gives
    attention maps, which `agreid explain` and `search` need.
    """

    prepare: Callable[[Workspace, TrainConfig, Progress], tuple[Data, Trainee]]
    network: Callable[[TrainConfig, Facts], nn.Module]
    resolve: Callable[[Workspace, TrainConfig, Run], TrainConfig] = _unchanged
    options: type[Frozen] = NoOptions
    facts: type[Facts] = Facts
    ranked: bool = True
    explains: bool = False


def options_of(config: TrainConfig, kind: type[O]) -> O:
    """The method's own options, typed and complete; `InputError` names unknown and invalid ones."""
    try:
        return build(kind, dict(config.method.options), "method.options")
    except InputError as error:
        problems = [Problem(f"method.options.{p.where}", p.what) for p in error.problems]
        raise InputError(
            f"the options of the method '{config.method.name}' cannot be used", problems=problems
        ) from error


def completed(config: TrainConfig, method: Method) -> TrainConfig:
    """The configuration with every option of its method, so that the saved one is complete."""
    options = options_of(config, method.options).model_dump(mode="json")
    return config.model_copy(update={"method": config.method.model_copy(update={"options": options})})
