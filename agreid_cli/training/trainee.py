"""What a method gives to the loop: a network, what it is asked to do, and how its parts are trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from agreid_cli.config.train import TrainConfig
from agreid_cli.training.facts import Facts
from agreid_cli.training.samples import Samples


@dataclass(frozen=True)
class Data:
    """The crops that are learnt from and their pixels, N×H×W×3 uint8, row by row alike."""

    samples: Samples
    images: np.ndarray


@dataclass(frozen=True)
class Group:
    """Parameters with a rate and a weight decay of their own; those of `parameters` that are trained.

    lr_factor: of the run's rate. weight_decay: None takes the configuration's.
    """

    parameters: Iterable[nn.Parameter]
    lr_factor: float = 1.0
    weight_decay: float | None = None


@dataclass(frozen=True)
class Trainee:
    """What is trained.

    model: called as `model(images, side, labels)` by the objective; otherwise an `Embedder` of `nn.encoder`.
    objective: a module called as `objective(model, batch) -> Losses`. Its parameters are trained with the
    model's, averaged, shared among ranks and kept in checkpoints; they are no part of the weight file.
    facts: go into the weight file. backbone: modules that the schedule may freeze for a while, and that
    `optim.head_lr_factor` does not concern. frozen: modules that are never trained and stay in eval mode.
    groups: parameters with a rate of their own; all others are grouped as the configuration says.
    loaded: what went in of pretrained weights or of a published checkpoint, as a line for the console.
    config: the configuration with what a weight file has settled, where it left that open.
    first: called once with the `Training`, before the first step, by a method that trains in stages. It must
    leave its outcome in the state (parameters, buffers) of model or objective: a checkpoint is written after
    it, so that a resumed run does not do it again.
    """

    model: nn.Module
    objective: nn.Module
    facts: Facts
    backbone: Sequence[nn.Module] = ()
    frozen: Sequence[nn.Module] = ()
    groups: Sequence[Group] = ()
    loaded: Any = None
    config: TrainConfig | None = None
    first: Callable[[Any], None] | None = None
