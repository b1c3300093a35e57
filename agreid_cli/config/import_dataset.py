"""The configuration of `agreid import-dataset`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agreid_cli.config.base import Frozen


class ImportConfig(Frozen):
    """How a published folder tree is read."""

    # Skip, with a warning, files whose name or header cannot be read, instead of stopping.
    skip_bad: bool = False
    # Platform of your own crops whose names or rows give none: uav, cctv or wearable.
    platform: Literal["", "uav", "cctv", "wearable"] = ""
    # Rule of junk of UAV-Human: moment (the authors' reader) or none (VDT's reader). Empty: the authors'.
    junk: str = ""
    threads: Annotated[int, Field(ge=1, le=256)] = 8  # threads that read image headers
