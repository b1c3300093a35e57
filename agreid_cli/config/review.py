"""The configuration of `agreid review`."""

from __future__ import annotations

from pydantic import Field

from agreid_cli.config.base import Frozen


class ReviewConfig(Frozen):
    """How crops are shown on the page."""

    # Only with --embed: crops are stored in the page as JPEG of at most this height in pixels.
    embed_height: int = Field(default=192, ge=32, le=2160)
    embed_quality: int = Field(default=75, ge=10, le=100)
