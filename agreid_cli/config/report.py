"""`[report]`: contents of the page."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agreid_cli.config.base import Frozen


class ReportConfig(Frozen):
    """The defaults give a page of a few megabytes."""

    runs: int = Field(6, ge=1)  # the newest runs, if none is named
    queries: int = Field(10, ge=0, le=200)  # queries with ranked lists, per direction
    order: Literal["spread", "worst"] = "spread"  # a range from best to worst, or only the worst
    top: int = Field(10, ge=1, le=50)  # length of each list
    lists: int = Field(3, ge=1, le=8)  # number of systems compared under one query
    pairs: int = Field(6, ge=0, le=40)  # images from agreid explain, per run
    crop_px: int = Field(128, ge=32, le=512)  # height of the crops in the page
    jpeg_quality: int = Field(75, ge=30, le=95)
    cmc_depth: int = Field(20, ge=2, le=50)
    rounds: int = Field(1000, ge=1)  # bootstrap resamples, for results without intervals
    ci_level: float = Field(0.95, gt=0, lt=1)
    seed: int = 0
