"""The learning rate as a factor of its base, computed only from the step and the epoch.

As in fast-reid (method.md §2): the warm-up counts iterations, linear from `factor` to 1; the main
schedule counts epochs from the first one, regardless of the warm-up. It is a pure function and needs
no state to be resumed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from agreid_cli.config.optim import OptimConfig, ScheduleConfig


def factor(schedule: ScheduleConfig, optim: OptimConfig, *, step: int, epoch: int) -> float:
    """The part of the peak rate at iteration `step` of epoch `epoch`, both counted from 0."""
    if epoch < schedule.warmup_epochs:  # the rate of the main schedule has no say yet
        return warm_up(epoch, steps=schedule.warmup_epochs, factor=schedule.warmup_factor)
    part = warm_up(step, steps=schedule.warmup_iters, factor=schedule.warmup_factor)
    if schedule.name == "multistep":
        part *= multistep(epoch, milestones=schedule.milestones, gamma=schedule.gamma)
    elif schedule.name == "cosine":
        # The final rate scales like the peak, so it is the same fraction of it for every batch size.
        part *= cosine(
            epoch, epochs=schedule.epochs, delay=schedule.cosine_from, lowest=schedule.final_lr / optim.lr
        )
    return part


def frozen(schedule: ScheduleConfig, *, step: int, epoch: int) -> bool:
    """Whether the backbone is frozen in this iteration."""
    return step < schedule.freeze_iters or epoch < schedule.freeze_epochs


def warm_up(step: int, *, steps: int, factor: float) -> float:
    """The factor of iteration `step`, counted from 0: linear from `factor` to 1 over `steps`.

    >>> [warm_up(step, steps=4, factor=0.5) for step in (0, 2, 4, 9)]
    [0.5, 0.75, 1.0, 1.0]
    """
    if step >= steps:
        return 1.0
    return factor + (1 - factor) * step / steps


def multistep(epoch: int, *, milestones: Sequence[int], gamma: float) -> float:
    """`gamma` to the power of the number of milestones passed; `epoch` counts finished epochs, from 0.

    >>> [multistep(epoch, milestones=(40, 90), gamma=0.1) for epoch in (0, 39, 40, 89)]
    [1.0, 1.0, 0.1, 0.1]
    """
    return float(gamma ** sum(epoch >= mark for mark in milestones))


def cosine(epoch: int, *, epochs: int, delay: int = 0, lowest: float = 0.0) -> float:
    """1 up to epoch `delay`, then half a cosine to `lowest` (a fraction of the base) at the end.

    >>> [round(cosine(epoch, epochs=60, delay=30, lowest=0.1), 3) for epoch in (0, 30, 45, 60)]
    [1.0, 1.0, 0.55, 0.1]
    """
    if epoch <= delay or epochs <= delay:
        return 1.0
    part = min(1.0, (epoch - delay) / (epochs - delay))
    return lowest + (1 - lowest) * (1 + math.cos(math.pi * part)) / 2
