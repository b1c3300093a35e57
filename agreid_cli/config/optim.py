"""`[train.optim]` and `[train.schedule]`: the optimiser and its learning rate over time."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from agreid_cli.config.base import Frozen


class OptimConfig(Frozen):
    """`lr` applies to batches of `base_batch` crops and scales with the batch size, see `learning_rate`."""

    name: Literal["adam", "amsgrad", "adamw", "sgd"] = "adam"
    lr: float = Field(3.5e-4, gt=0)
    base_batch: int = Field(64, ge=1)
    lr_rule: Literal["linear", "none"] = "linear"
    momentum: float = Field(0.9, ge=0, lt=1)  # sgd only
    weight_decay: float = Field(5e-4, ge=0)
    norm_weight_decay: float = Field(5e-4, ge=0)  # of normalisation layers
    bias_weight_decay: float = Field(5e-4, ge=0)
    bias_lr_factor: float = Field(1.0, ge=0)
    head_lr_factor: float = Field(1.0, gt=0)
    clip: float = Field(0.0, ge=0)  # maximum norm of all gradients; 0: no clipping
    clip_each: bool = False  # clip the norm of each tensor separately, as fast-reid does

    @model_validator(mode="after")
    def _something_to_clip(self) -> OptimConfig:
        if self.clip_each and not self.clip:
            raise PydanticCustomError("clip", "clip_each needs clip, the maximum norm")
        return self

    def learning_rate(self, batch: int) -> float:
        """The peak learning rate for `batch` crops per step (over all GPUs and accumulated batches).

        >>> OptimConfig(lr=0.008, base_batch=128).learning_rate(64)
        0.004
        """
        return self.lr * batch / self.base_batch if self.lr_rule == "linear" else self.lr


class ScheduleConfig(Frozen):
    """Warm-up counts iterations; the rest counts epochs. With 0 epochs the untrained network is saved."""

    name: Literal["constant", "multistep", "cosine"] = "multistep"
    epochs: int = Field(120, ge=0)
    warmup_iters: int = Field(2000, ge=0)
    warmup_epochs: int = Field(0, ge=0)  # warm-up by epoch instead of by iteration (TransReID)
    warmup_factor: float = Field(0.1, gt=0, le=1)  # relative rate at the first iteration; rises linearly to 1
    milestones: tuple[int, ...] = (40, 90)  # epochs after which the rate is multiplied by gamma
    gamma: float = Field(0.1, gt=0, le=1)
    cosine_from: int = Field(
        0, ge=0
    )  # epochs at the full rate before the cosine; a shorter run stays at the full rate
    final_lr: float = Field(7e-7, ge=0)  # end of the cosine, for base_batch; scales as lr does
    #: The backbone is frozen for the first iterations or epochs, whichever is longer.
    freeze_iters: int = Field(0, ge=0)
    freeze_epochs: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _one_warmup(self) -> ScheduleConfig:
        if self.warmup_iters and self.warmup_epochs:
            raise PydanticCustomError(
                "warmup", "warmup_iters and warmup_epochs exclude each other; set one to 0"
            )
        return self

    @field_validator("milestones")
    @classmethod
    def _ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(set(value)) or any(epoch < 1 for epoch in value):
            raise PydanticCustomError("milestones", "Give epochs of at least 1, in ascending order")
        return value
