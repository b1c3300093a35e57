"""Video sources: a new kind is one line here and one file that defines an opener."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agreid_cli.errors import InputError

if TYPE_CHECKING:
    from agreid_cli.config.extract_crops import SourceConfig
    from agreid_cli.vision.sources.source import Source

#: kind → `open(path, config) -> Source`.
KINDS = {
    "file": "agreid_cli.vision.video:open_file",
    "folder": "agreid_cli.vision.sources.folder:open_folder",
    "object": "agreid_cli.vision.sources.objects:open_object",
    "stream": "agreid_cli.vision.sources.playback:open_recording",
}


def kind_of(given: str | Path) -> str:
    """The kind of source that a path names; it need not exist.

    >>> [kind_of(word) for word in ("a.mp4", "img1/%06d.jpg", "rtsp://10.0.0.5/cam1", "s3://day/a.mp4")]
    ['file', 'folder', 'stream', 'object']
    """
    from agreid_cli.vision.sources.address import is_address, is_object
    from agreid_cli.vision.sources.numbering import is_pattern

    if is_address(str(given)) and not Path(given).exists():
        return "object" if is_object(str(given)) else "stream"
    return "folder" if Path(given).is_dir() or is_pattern(Path(given)) else "file"


def name_of(kind: str, given: str | Path) -> str:
    """The name of the recording, from which its id is made."""
    from agreid_cli.vision.sources import address, numbering

    if kind == "stream":
        return address.recording_name(str(given))
    if kind == "object":
        return Path(address.shown(str(given))).stem
    return numbering.recording_name(Path(given)) if kind == "folder" else Path(given).stem


def still_pictures(given: Sequence[str | Path]) -> list[Path]:
    """The paths that are one image each: frames of a recording, or a pattern expanded by the shell."""
    from agreid_cli.records.image_files import is_still

    return [Path(path) for path in given if kind_of(path) == "file" and is_still(path)]


def open_source(kind: str, path: Path, config: SourceConfig) -> Source:
    """Open a source with the limits of the configuration; `InputError` if it cannot be used.

    path: for a stream, the folder of its recording.
    """
    from agreid_cli.vision.sources.source import Limited

    module, _, attribute = KINDS[kind].partition(":")
    source: Source = getattr(importlib.import_module(module), attribute)(path, config)
    if config.max_seconds and source.fps is None and kind != "stream":
        source.close()
        raise InputError(
            f"{path} states no frame rate, so --max-seconds cannot be applied",
            hint="Use --max-frames, or give the rate: --set source.fps=25",
        )
    max_seconds = config.max_seconds if kind != "stream" else 0  # a recording counts them without its gaps
    if config.max_frames or max_seconds:
        return Limited(source, config.max_frames or None, max_seconds or None)
    return source
