"""A recording stored as numbered images: MOT17, VisDrone, UAVDT, `ffmpeg frame_%06d.jpg`.

The numbers in the names are the frame numbers, so a missing image is a lost frame. MOTChallenge's
`seqinfo.ini`, if present, states the frame rate and the length.
"""

from __future__ import annotations

import configparser
import hashlib
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from agreid_cli.config.extract_crops import SourceConfig
from agreid_cli.errors import InputError
from agreid_cli.records.images.picture import opened, orientation
from agreid_cli.records.images.reading import read_picture
from agreid_cli.records.regular import check_regular
from agreid_cli.vision.sources.numbering import Numbered, find
from agreid_cli.vision.sources.source import Frame


class FrameFolder:
    """The images of one recording, in order; `InputError` if there are none. `frames()` can be iterated once.

    given: a folder, or a pattern such as `img1/%06d.jpg` or `img1/*.jpg`. fps: the frame rate, which
    overrides `seqinfo.ini`; without either, frames have no times.
    """

    def __init__(self, given: Path, *, fps: float | None = None) -> None:
        self.given = Path(given)
        self._found: Numbered = find(self.given)
        info = _seqinfo(self._found.folder)
        stated = _number(info, "framerate")
        self.fps = fps or (stated / self._found.step if stated else None)
        length = _number(info, "seqlength")
        self.promised = max(self._found.frames, math.ceil(length / self._found.step) if length else 0)
        self.decoded = self.lost = self._last = 0
        self._broken: list[str] = []
        self._converted: Counter[str] = Counter()
        self.size = self._one_size()
        self.stored_size = self.size

    @property
    def missing_at_end(self) -> int:
        """Frames that `seqinfo.ini` promises after the last image."""
        return max(0, self.promised - self._last) if self._last else 0

    def frames(self) -> Iterator[Frame]:
        """All frames in order; a missing or broken image is counted in `lost` and keeps its index."""
        for index, path in zip(self._found.indices, self._found.paths, strict=True):
            image = self._read(path)
            if image is None or image.shape[1::-1] != self.size:
                self._broken.append(path.name)
                continue
            self.lost += index - self._last
            self._last = index + 1
            self.decoded += 1
            yield Frame(index, round(index / self.fps, 6) if self.fps else None, image)

    def notes(self) -> list[str]:
        notes = list(self._found.notes)
        if self.fps is None:
            notes.append("no frame rate is stated, so crops have no times; to give it: --set source.fps=25")
        if self._broken:
            more = f" and {len(self._broken) - 20} more" if len(self._broken) > 20 else ""
            notes.append(f"images that cannot be decoded: {', '.join(self._broken[:20])}{more}")
        notes += [f"{n} images converted: {how}" for how, n in sorted(self._converted.items())]
        return notes

    def facts(self) -> dict[str, Any]:
        return {
            "kind": "folder",
            "images": len(self._found.paths),
            "step": self._found.step,
            "left_out": list(self._found.left_out),
            "broken": list(self._broken),
            "converted": dict(self._converted),
        }

    def sha256(self) -> str:
        """The digest of the names and bytes of all images, in order."""
        digest = hashlib.sha256(f"{self.fps} {self.promised}\n".encode())
        for path in self._found.paths:
            digest.update(f"{path.name}\n{path.stat().st_size}\n".encode("utf-8", "surrogateescape"))
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def close(self) -> None:
        """Nothing is open."""

    def _read(self, path: Path) -> np.ndarray | None:
        """The pixels, uint8 BGR, upright; None if the file is not a complete image."""
        try:
            picture = read_picture(path)
        except (OSError, ValueError):
            return None
        if picture.converted:
            self._converted[picture.converted] += 1
        return np.ascontiguousarray(picture.pixels[..., ::-1])

    def _one_size(self) -> tuple[int, int]:
        """The size of all frames, from the headers of the images; unreadable images are reported later."""
        sizes: dict[tuple[int, int], list[str]] = {}
        for path in self._found.paths:
            check_regular(path)
            try:
                with opened(path) as image:
                    size = image.size[::-1] if orientation(image) >= 5 else image.size
            except Exception:  # Pillow raises many types for damaged files
                continue
            sizes.setdefault(size, []).append(path.name)
        if not sizes:
            raise InputError(
                f"{self.given}: none of its {len(self._found.paths)} images can be read",
                hint="Check that they were copied completely.",
            )
        if len(sizes) > 1:
            most = sorted(sizes.items(), key=lambda item: -len(item[1]))
            listed = "; ".join(f"{w}×{h}: {len(names)} ({names[0]})" for (w, h), names in most[:20])
            raise InputError(
                f"{self.given} contains images of {len(sizes)} sizes, so it is not one recording: {listed}",
                hint="Name the images of one recording by a pattern, as in 'img1/cam1_%06d.jpg'.",
            )
        return next(iter(sizes))


def open_folder(path: Path, config: SourceConfig) -> FrameFolder:
    """Open a folder or a pattern."""
    return FrameFolder(path, fps=config.fps or None)


def _seqinfo(folder: Path) -> dict[str, str]:
    """The values of the folder's or its parent's seqinfo.ini by name in lower case."""
    for place in (folder, folder.absolute().parent):
        path = place / "seqinfo.ini"
        if path.is_file():
            parser = configparser.ConfigParser(interpolation=None)
            try:
                parser.read_string(path.read_text(encoding="utf-8-sig", errors="replace"))
            except configparser.Error as error:
                raise InputError(f"{path} is not an INI file: {error.message}") from error
            return {k: v for section in parser.sections() for k, v in parser[section].items()}
    return {}


def _number(info: dict[str, str], name: str) -> float | None:
    try:
        value = float(info.get(name, ""))
    except ValueError:
        return None
    return value if 0 < value < 1e8 else None
