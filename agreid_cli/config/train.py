"""`[train]`: the complete configuration of a training run. A recipe is such a configuration with a name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from agreid_cli.config.base import Frozen, SwitchedOnBy, one_or_more
from agreid_cli.config.data import AugmentConfig, DataConfig
from agreid_cli.config.explain import ExplainConfig
from agreid_cli.config.method import MethodConfig
from agreid_cli.config.model import LossConfig, ModelConfig, TripletConfig
from agreid_cli.config.optim import OptimConfig, ScheduleConfig

__all__ = [
    "AugmentConfig",
    "DataConfig",
    "ExplainConfig",
    "LossConfig",
    "MethodConfig",
    "ModelConfig",
    "OptimConfig",
    "ScheduleConfig",
    "TrainConfig",
    "TripletConfig",
    "ValidationConfig",
]


class ValidationConfig(Frozen):
    """Validation during training.

    keep: the epoch whose weights the run reports. With held-out identities (`data.held_out`) they choose it
    instead. best-on-test chooses it on the test crops, so that its figures are too high.
    """

    every: int = Field(10, ge=0)  # epochs; 0: only after the last epoch
    directions: Annotated[tuple[str, ...], one_or_more] = ("a2g", "g2a")
    metric: Literal["cosine", "euclidean"] = "cosine"
    keep: Literal["last", "best-on-test"] = "last"
    best: Literal["mAP", "rank1", "mINP"] = "mAP"  # what is best; averaged over the directions
    flip: bool = False  # embed each crop and its mirror image
    batch: int = Field(128, ge=1)
    #: What runs the network: auto is onnxruntime on a CPU where there are many crops. The embeddings of the
    #: finished run are computed as by `agreid embed`.
    backend: Literal["auto", "torch", "onnxruntime"] = "auto"

    @field_validator("directions")
    @classmethod
    def _some(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise PydanticCustomError("directions", "Give at least one direction")
        return value


class TrainConfig(Frozen):
    """Everything that a run depends on besides its data."""

    recipe: str = ""  # the recipe from which this tree was made
    seed: int = Field(0, ge=0)
    method: MethodConfig = MethodConfig()
    model: ModelConfig = ModelConfig()
    data: DataConfig = DataConfig()
    augment: AugmentConfig = AugmentConfig()
    loss: LossConfig = LossConfig()
    optim: OptimConfig = OptimConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    #: mixed: bf16 if the GPU supports it, else fp32. auto: on a CPU the quickest of a few timed steps.
    precision: Literal["mixed", "auto", "fp32", "bf16", "fp16"] = "mixed"
    ema: Annotated[float, Field(ge=0, lt=1)] = (
        0.0  # decay of the averaged weights (EMA) used for ranking; 0: no EMA
    )
    accumulate: int = Field(1, ge=1)  # batches per optimiser step
    validation: ValidationConfig = ValidationConfig()
    explain: Annotated[
        ExplainConfig | None, SwitchedOnBy("an explainable recipe, as in --recipe explain-bot-vit")
    ] = None

    @property
    def learning_rate(self) -> float:
        """The peak learning rate for the batch size of this configuration."""
        return self.optim.learning_rate(self.data.batch * self.accumulate)

    @model_validator(mode="before")
    @classmethod
    def _explain_is_a_method(cls, tree: Any) -> Any:
        """The section `explain` selects the method of that name, as it did before methods had names."""
        if not isinstance(tree, dict):
            return tree
        method = tree.get("method") or {}
        name = method.get("name", "reid") if isinstance(method, dict) else method.name
        if name == "reid" and tree.get("explain") is not None:
            return tree | {"method": {"name": "explain"}}
        if name == "explain" and tree.get("explain") is None:
            return tree | {"explain": {}}
        return tree

    @model_validator(mode="after")
    def _fits(self) -> TrainConfig:
        if self.validation.keep == "best-on-test" and self.data.held_out:
            raise PydanticCustomError(
                "keep", "validation.keep: held-out identities (data.held_out) choose the epoch; use last"
            )
        height, width = self.model.size
        if 2 * self.augment.pad >= min(height, width):
            said = f"augment.pad: {self.augment.pad} on each side is more than the crop's {width} pixels"
            raise PydanticCustomError("together", "{found}", {"found": said})
        return self
