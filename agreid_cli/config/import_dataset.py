"""The configuration of `agreid import-dataset`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from agreid_cli.config.base import Frozen


class ImportConfig(Frozen):
    """How a published folder tree becomes a manifest."""

    # Leave out, with a warning, files whose name or header cannot be read, instead of refusing the tree.
    skip_bad: bool = False
    threads: Annotated[int, Field(ge=1, le=256)] = 8  # that wait for the disk while headers are read
