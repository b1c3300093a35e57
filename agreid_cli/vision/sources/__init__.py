"""Video sources: a new kind is one line here and one file that defines an opener."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agreid_cli.config.extract_crops import SourceConfig
    from agreid_cli.vision.sources.source import Source

#: kind → `open(path, config) -> Source`.
KINDS = {
    "file": "agreid_cli.vision.video:open_file",
}


def kind_of(given: str | Path) -> str:
    """The kind of source that a path names; it need not exist."""
    return "file"


def open_source(kind: str, path: Path, config: SourceConfig) -> Source:
    """Open a source, with the limits of the configuration; `InputError` when it cannot be used."""
    from agreid_cli.vision.sources.source import Limited

    module, _, attribute = KINDS[kind].partition(":")
    source: Source = getattr(importlib.import_module(module), attribute)(path, config)
    if config.max_frames or config.max_seconds:
        return Limited(source, config.max_frames or None, config.max_seconds or None)
    return source
