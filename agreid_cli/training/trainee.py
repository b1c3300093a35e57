"""What a method provides to the loop: a network, its objective, and how its parts are trained."""

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
    """The crops for training and their pixels, N×H×W×3 uint8, row by row."""

    samples: Samples
    images: np.ndarray


@dataclass(frozen=True)
class Group:
    """Parameters with their own rate and weight decay; only the trainable ones of `parameters`.

    lr_factor: of the run's rate. weight_decay: None uses the configuration's.
    """

    parameters: Iterable[nn.Parameter]
    lr_factor: float = 1.0
    weight_decay: float | None = None


@dataclass(frozen=True)
class Trainee:
    """What is trained.

    model: called as `model(images, side, labels)` by the objective; otherwise an `Embedder` of `nn.encoder`.
    objective: a module called as `objective(model, batch) -> Losses`. Its parameters are trained with the
    model's, averaged, synchronised among ranks and saved in checkpoints; they are not part of the weight
    file. facts: stored in the weight file. backbone: modules that the schedule may freeze for a while, and to
    which `optim.head_lr_factor` does not apply. frozen: modules that are never trained and stay in eval mode.
    groups: parameters with their own rate; all others are grouped as configured.
    loaded: the loaded pretrained weights or published checkpoint, as a line for the console.
    config: the configuration with open values set according to a weight file.
    first: called once with the `Training`, before the first step, by a method that trains in stages. It must
    store its result in the state (parameters, buffers) of model or objective: a checkpoint is written after
    it, so that a resumed run does not repeat it.
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
