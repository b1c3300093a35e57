"""`[explain]` and `[search]`: what is shown per pair, and the number of answers."""

from __future__ import annotations

from pydantic import Field

from agreid_cli.config.base import Frozen


class ExplainPagesConfig(Frozen):
    """For `agreid explain`."""

    top: int = Field(5, ge=1)  # matches per query
    bars: int = Field(10, ge=1)  # attributes per pair
    maps: int = Field(12, ge=1)  # mean maps in --aggregate, those with the highest shares first
    batch: int = Field(32, ge=1)  # crops


class SearchConfig(Frozen):
    """For `agreid search`."""

    top: int = Field(10, ge=1)  # answers
    bars: int = Field(10, ge=1)  # attributes per answer, with --image
    batch: int = Field(32, ge=1)  # crops
