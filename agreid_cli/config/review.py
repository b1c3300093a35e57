"""The configuration of `agreid review`."""

from __future__ import annotations

from pydantic import Field

from agreid_cli.config.base import Frozen


class ReviewConfig(Frozen):
    """How the page shows the crops."""

    per_page: int = Field(default=24, ge=4, le=500)  # tracks a side that are shown at once
    # With --embed alone: crops become JPEG of at most this height (pixels) inside the page.
    embed_height: int = Field(default=192, ge=32, le=2160)
    embed_quality: int = Field(default=75, ge=10, le=100)
