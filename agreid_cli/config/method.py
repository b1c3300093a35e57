"""`[train.method]`: how a network is built and trained."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from agreid_cli.config.base import Frozen


class MethodConfig(Frozen):
    """A method of `training/methods`, and its own options; a run begins by checking and completing them."""

    name: str = "reid"
    options: dict[str, Any] = Field(default_factory=dict)
