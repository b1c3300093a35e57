"""`[train.optim]` and `[train.schedule]`: how weights move, and how fast over time."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from agreid_cli.config.base import Frozen


class OptimConfig(Frozen):
    """`lr` belongs to batches of `base_batch` crops and follows the batch size, see `learning_rate`."""

    name: Literal["adam", "amsgrad", "adamw", "sgd"] = "adam"
    lr: float = Field(3.5e-4, gt=0)
    base_batch: int = Field(64, ge=1)
    lr_rule: Literal["linear", "none"] = "linear"
    momentum: float = Field(0.9, ge=0, lt=1)  # of sgd
    weight_decay: float = Field(5e-4, ge=0)
    norm_weight_decay: float = Field(5e-4, ge=0)  # of normalisation layers
    bias_weight_decay: float = Field(5e-4, ge=0)
    bias_lr_factor: float = Field(1.0, ge=0)
    head_lr_factor: float = Field(1.0, gt=0)
    clip: float = Field(0.0, ge=0)  # largest norm of all gradients; 0: not clipped

    def learning_rate(self, batch: int) -> float:
        """The peak rate for `batch` crops a step (over all GPUs and accumulated parts).

        >>> OptimConfig(lr=0.008, base_batch=128).learning_rate(64)
        0.004
        """
        return self.lr * batch / self.base_batch if self.lr_rule == "linear" else self.lr


class ScheduleConfig(Frozen):
    """Warm-up counts iterations, what follows counts epochs. With 0 epochs the untrained network is saved."""

    name: Literal["constant", "multistep", "cosine"] = "multistep"
    epochs: int = Field(120, ge=0)
    warmup_iters: int = Field(2000, ge=0)
    warmup_factor: float = Field(0.1, gt=0, le=1)  # share of the rate at the first iteration; linear up to 1
    milestones: tuple[int, ...] = (40, 90)  # epochs after which the rate is multiplied by gamma
    gamma: float = Field(0.1, gt=0, le=1)
    cosine_from: int = Field(0, ge=0)  # epochs at the full rate before the cosine; a shorter run stays there
    final_lr: float = Field(7e-7, ge=0)  # where the cosine ends, for base_batch; scales as lr does
    #: The backbone holds still for so long, whichever is longer.
    freeze_iters: int = Field(0, ge=0)
    freeze_epochs: int = Field(0, ge=0)

    @field_validator("milestones")
    @classmethod
    def _ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(set(value)) or any(epoch < 1 for epoch in value):
            raise PydanticCustomError("milestones", "Give epochs from 1 up, each later than the one before")
        return value
