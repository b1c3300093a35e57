"""The configuration of `agreid merge-annotations`."""

from __future__ import annotations

from pydantic import Field

from agreid_cli.config.base import Frozen


class MergeConfig(Frozen):
    """When a vote decides."""

    # A majority decides if at least this many votes were cast: one vote is no cross-check.
    min_votes: int = Field(default=2, ge=1)
