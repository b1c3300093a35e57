"""The frames of a recorded stream, part after part, with the times at which they arrived."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from agreid_cli.config.extract_crops import SourceConfig
from agreid_cli.errors import InputError
from agreid_cli.records.recording import Recording
from agreid_cli.vision.clock import Clock
from agreid_cli.vision.sources.container import is_deinterlaced, look, opened, treatment
from agreid_cli.vision.sources.decoder import Decoder
from agreid_cli.vision.sources.source import Frame


class Playback:
    """A recording, read like a file; `InputError` if nothing in it can be decoded. See `Source`.

    max_seconds: seconds of footage, without the gaps between connections; 0 is all.
    """

    def __init__(self, folder: Path, *, deinterlace: str = "auto", max_seconds: float = 0) -> None:
        self._folder = Path(folder)
        self._recording = Recording.read(self._folder)
        self._deinterlace = deinterlace
        self._max_seconds = max_seconds
        self._interlaced = 0
        if not self._recording.parts:
            raise InputError(f"{folder} contains no part", hint="Record the stream again.")
        self._film = film = look(self._folder / self._recording.parts[0].file).film
        self.fps = film.fps
        self.promised: int | None = self._recording.frames
        self.decoded = 0
        self._clock = Clock(self.fps)
        self._cut = False
        self._size: tuple[int, int] | None = None
        self._pictures = self._all()
        self._first = self._read()
        if self._first is None:
            raise InputError(
                f"not one frame of the recording {folder} can be decoded", hint="Record the stream again."
            )
        height, width = self._first.image.shape[:2]
        self.size = (width, height)
        self.stored_size = self.size if film.aspect == 1 else (film.width, film.height)

    @property
    def lost(self) -> int:
        return self._clock.lost

    @property
    def missing_at_end(self) -> int:
        """Recorded frames that could not be decoded and were not followed by others."""
        return 0 if self._cut else max(0, self._recording.frames - self._clock.frames)

    def frames(self) -> Iterator[Frame]:
        frame, self._first = self._first, None
        while frame is not None:
            yield frame
            frame = self._read()

    def notes(self) -> list[str]:
        found = []
        if self._recording.left_out:
            found.append(f"reading {self._recording.film}; left out: {'; '.join(self._recording.left_out)}")
        if self._recording.connections > 1:
            gaps = sum(
                max(0.0, b.start_s - a.start_s - a.seconds)
                for a, b in zip(self._recording.parts, self._recording.parts[1:], strict=False)
            )
            found.append(
                f"recorded in {self._recording.connections} connections; "
                f"{gaps:.1f} s between them are missing"
            )
        return found + treatment(self._film, self.size, bool(self._interlaced), self._deinterlace)

    def facts(self) -> dict[str, Any]:
        record = self._recording
        return {
            "kind": "stream",
            "address": record.address,
            "film": record.film,
            "left_out": list(record.left_out),
            "connections": record.connections,
            "parts": len(record.parts),
            "seconds": round(record.seconds, 3),
            "ended": record.ended,
            "pixel_aspect": f"{self._film.aspect.numerator}:{self._film.aspect.denominator}",
            "interlaced": bool(self._interlaced),
            "deinterlaced": is_deinterlaced(bool(self._interlaced), self._deinterlace),
        }

    def sha256(self) -> str:
        """The digest of the bytes and times of all parts."""
        digest = hashlib.sha256()
        for part in self._recording.parts:
            digest.update(f"{part.start_s}\n".encode())
            digest.update((self._folder / part.file).read_bytes())
        return digest.hexdigest()

    def close(self) -> None:
        self._pictures.close()

    def _all(self) -> Generator[Any, None, None]:
        """(image, milliseconds since the recording began) of all parts; None is a failure."""
        footage = 0.0
        for part in self._recording.parts:
            path = self._folder / part.file
            film = look(path).film
            with opened(path) as container:
                stream = container.streams[film.index]
                decoder = Decoder(
                    container, stream, deinterlace=self._deinterlace, aspect=film.aspect, size=self._size
                )
                first: float | None = None
                for picture in decoder.pictures():
                    if picture is None:
                        yield None
                        continue
                    image, stamp = picture
                    self._size = decoder.size
                    first = (stamp or 0.0) if first is None else first
                    since_ms = (stamp or 0.0) - first
                    if self._max_seconds and footage + since_ms / 1000 >= self._max_seconds:
                        self._cut = True
                        return
                    yield image, part.start_s * 1000 + since_ms
                self._interlaced += decoder.interlaced
            footage += part.seconds

    def _read(self) -> Frame | None:
        failures = 0
        for picture in self._pictures:
            if picture is None:
                failures += 1
                continue
            image, stamp = picture
            place = self._clock.tick(failures, stamp)
            if place is None:
                continue
            self.decoded += 1
            return Frame(*place, np.asarray(image))
        return None


def open_recording(path: Path, config: SourceConfig) -> Playback:
    """Open a recorded stream; `path` is the folder of the recording."""
    return Playback(path, deinterlace=config.deinterlace, max_seconds=config.max_seconds)
