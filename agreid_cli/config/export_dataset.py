"""The configuration of `agreid export-dataset`."""

from __future__ import annotations

from typing import Literal

from agreid_cli.config.base import Frozen

Link = Literal["copy", "hard", "symbolic"]


class ExportConfig(Frozen):
    """How images are placed in the export."""

    # Links take no space. A hard link needs the same file system; a symbolic link breaks if the images move.
    link: Link = "copy"
