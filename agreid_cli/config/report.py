"""`[report]`: how much the page shows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agreid_cli.config.base import Frozen


class ReportConfig(Frozen):
    """The defaults give a page of a few megabytes."""

    runs: int = Field(6, ge=1)  # the newest, where none is named
    queries: int = Field(10, ge=0, le=200)  # whose ranked lists are shown, a direction
    order: Literal["spread", "worst"] = "spread"  # from the best query to the worst, or the worst alone
    top: int = Field(10, ge=1, le=50)  # of each list
    lists: int = Field(3, ge=1, le=8)  # systems whose lists stand under one query
    pairs: int = Field(6, ge=0, le=40)  # pictures of agreid explain, a run
    crop_px: int = Field(128, ge=32, le=512)  # height of the crops in the page
    jpeg_quality: int = Field(75, ge=30, le=95)
    cmc_depth: int = Field(20, ge=2, le=50)
    rounds: int = Field(1000, ge=1)  # of the bootstrap, where a result holds no interval yet
    ci_level: float = Field(0.95, gt=0, lt=1)
    seed: int = 0
