"""`[train.data]` and `[train.augment]`: which crops make a batch, and how they are varied."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from agreid_cli.config.base import Frozen, auto_or

Share = Annotated[float, Field(ge=0, le=1)]


class DataConfig(Frozen):
    """A batch is `p` identities × `k` crops of each; with several GPUs it is split among them."""

    p: int = Field(16, ge=1)
    k: int = Field(4, ge=1)
    #: pk: every identity equally often; pk-images: every image once a pass, so identities in proportion to
    #: their images, as fast-reid does. With -views: of each identity from both views, aerial and ground.
    sampler: Literal["pk", "pk-views", "pk-images", "pk-images-views"] = "pk"
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"  # antialiased
    workers: Annotated[int | Literal["auto"], auto_or(1)] = "auto"  # that fill the cache; auto: one a core
    #: Where the resized crops lie while training: on the GPU when they fit beside the network.
    on_gpu: bool | Literal["auto"] = "auto"
    prefetch: int = Field(4, ge=1)  # batches made ahead
    on_bad_image: Literal["fail", "skip"] = "fail"
    #: Share of the training identities that nothing is learnt from. They, and not the test, then choose the
    #: best weights, and the p of an explainable stream over the run.
    held_out: float = Field(0.0, ge=0, lt=1)

    @property
    def batch(self) -> int:
        return self.p * self.k

    @model_validator(mode="after")
    def _both_views(self) -> DataConfig:
        if self.sampler.endswith("-views") and self.k < 2:
            raise PydanticCustomError(
                "views", "k: {name} takes crops of both views, so k is at least 2", {"name": self.sampler}
            )
        return self


class AugmentConfig(Frozen):
    """In this order, drawn anew for every crop: AutoAugment, pad and crop, flip, random erasing."""

    flip: Share = 0.5
    pad: int = Field(10, ge=0)  # black pixels on each side, of which a random window is cut; 0: none
    erase: Share = 0.5  # a random rectangle takes the mean colour
    erase_area: tuple[Share, Share] = (0.02, 0.33)  # of the image
    erase_ratio: tuple[float, float] = (0.3, 3.3)  # height / width
    autoaugment: Share = 0.0  # the policy that was found for ImageNet

    @model_validator(mode="after")
    def _in_order(self) -> AugmentConfig:
        for name in ("erase_area", "erase_ratio"):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise PydanticCustomError(
                    "range", "{name}: give two numbers, the smaller first", {"name": name}
                )
        return self
