"""`[evaluate]`: how two sides are ranked and what is reported."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agreid_cli.config.base import Frozen

Platform = Literal["uav", "cctv", "wearable"]


class EvaluateConfig(Frozen):
    """The defaults: cosine, as fast-reid ranks; no intervals."""

    metric: Literal["cosine", "euclidean"] = "cosine"
    ci: bool = False
    ci_level: float = Field(0.95, gt=0, lt=1)
    rounds: int = Field(1000, ge=1)  # of the bootstrap
    seed: int = 0
    top_k: int = Field(50, ge=1)  # rows a query in --save-ranks
    #: Where query and gallery come from: the split when it knows the crops, only the split, or only the file.
    roles: Literal["auto", "split", "file"] = "auto"
    #: For files that say cameras but no platforms, as in AG-ReID: {0 = "uav", 2 = "wearable", 3 = "cctv"}.
    platform_of_camid: dict[int, Platform] = Field(default_factory=dict)
    engine: str = "auto"
    threads: int | None = Field(None, ge=1)
    block_query: int = Field(512, ge=1)
    block_gallery: int = Field(32768, ge=1)
