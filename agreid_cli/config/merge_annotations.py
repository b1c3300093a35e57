"""The configuration of `agreid merge-annotations`."""

from __future__ import annotations

from pydantic import Field

from agreid_cli.config.base import Frozen


class MergeConfig(Frozen):
    """When annotators have decided something."""

    # More than half of the votes cast decide, when there are at least so many: one vote is no cross-check.
    min_votes: int = Field(default=2, ge=1)
