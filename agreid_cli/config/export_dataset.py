"""The configuration of `agreid export-dataset`."""

from __future__ import annotations

from typing import Literal

from agreid_cli.config.base import Frozen

Link = Literal["copy", "hard", "symbolic"]


class ExportConfig(Frozen):
    """How the images get into the export."""

    # Links cost no space; a hard link needs one disk, a symbolic one breaks when the images move.
    link: Link = "copy"
