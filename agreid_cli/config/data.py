"""`[train.data]` and `[train.augment]`: how batches are composed and augmented."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from agreid_cli.config.base import Frozen, auto_or

Share = Annotated[float, Field(ge=0, le=1)]


class DataConfig(Frozen):
    """A batch is `p` identities × `k` crops each; with several GPUs it is split among them."""

    p: int = Field(16, ge=1)
    k: int = Field(4, ge=1)
    #: pk: every identity equally often; pk-images: every image once per pass, so identities in proportion to
    #: their images, as in fast-reid. With -views: crops of each identity from both views, aerial and ground.
    sampler: Literal["pk", "pk-views", "pk-images", "pk-images-views"] = "pk"
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"  # antialiased
    workers: Annotated[int | Literal["auto"], auto_or(1)] = "auto"  # to fill the cache; auto: one per core
    #: Where the resized crops are stored during training: on the GPU if they fit beside the network.
    on_gpu: bool | Literal["auto"] = "auto"
    prefetch: int = Field(4, ge=1)  # batches prepared ahead
    on_bad_image: Literal["fail", "skip"] = "fail"
    #: Fraction of the training identities excluded from training. They, and not the test set, are used to
    #: choose the best weights, and the p of an explainable stream on top of the run.
    held_out: float = Field(0.0, ge=0, lt=1)

    @property
    def batch(self) -> int:
        return self.p * self.k

    @model_validator(mode="after")
    def _both_views(self) -> DataConfig:
        if self.sampler.endswith("-views") and self.k < 2:
            raise PydanticCustomError(
                "views",
                "k: {name} takes crops from both views, so k must be at least 2",
                {"name": self.sampler},
            )
        return self


class AugmentConfig(Frozen):
    """Applied in this order, with new random values per crop: AutoAugment, pad and crop, flip, erasing."""

    flip: Share = 0.5
    pad: int = Field(10, ge=0)  # black pixels added on each side before a random crop; 0: none
    erase: Share = 0.5  # probability of erasing a random rectangle
    erase_fill: Literal["mean", "noise"] = "mean"  # fill: the mean colour, or normal noise per pixel
    erase_area: tuple[Share, Share] = (0.02, 0.33)  # fraction of the image
    erase_ratio: tuple[float, float] = (0.3, 3.3)  # height / width
    autoaugment: Share = 0.0  # probability of applying the AutoAugment policy for ImageNet

    @model_validator(mode="after")
    def _in_order(self) -> AugmentConfig:
        for name in ("erase_area", "erase_ratio"):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise PydanticCustomError(
                    "range", "{name}: give two numbers, the smaller first", {"name": name}
                )
        return self
