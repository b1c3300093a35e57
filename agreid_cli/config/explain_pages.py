"""`[explain]` and `[search]`: what is shown of a pair, and how many answers."""

from __future__ import annotations

from pydantic import Field

from agreid_cli.config.base import Frozen


class ExplainPagesConfig(Frozen):
    """For `agreid explain`."""

    top: int = Field(5, ge=1)  # matches of a query
    bars: int = Field(10, ge=1)  # attributes of a pair
    maps: int = Field(12, ge=1)  # mean maps of --aggregate, most telling attributes first
    batch: int = Field(32, ge=1)  # crops


class SearchConfig(Frozen):
    """For `agreid search`."""

    top: int = Field(10, ge=1)  # answers
    bars: int = Field(10, ge=1)  # attributes of an answer to an image
    batch: int = Field(32, ge=1)  # crops
