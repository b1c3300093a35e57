"""The interface of video sources: a file, a folder of frames, or the recording of a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np


@dataclass(frozen=True)
class Frame:
    """One decoded frame: 0-based index, seconds since the first frame by the stream's timestamps, pixels.

    image: uint8 (height, width, 3), BGR.
    """

    index: int
    time_s: float | None
    image: np.ndarray


class Source(Protocol):
    """An open source; its constructor raises `InputError` if it is not one. Iterate `frames()` once.

    size: width, height in pixels of the frames returned. stored_size: as stored, before pixels were made
    square. promised: the number of frames that the source states, or None. decoded: frames returned so far.
    lost: frames that could not be decoded and were followed by good ones. missing_at_end: frames promised
    after the last one.
    """

    @property
    def size(self) -> tuple[int, int]: ...
    @property
    def stored_size(self) -> tuple[int, int]: ...
    @property
    def fps(self) -> float | None: ...
    @property
    def promised(self) -> int | None: ...
    @property
    def decoded(self) -> int: ...
    @property
    def lost(self) -> int: ...
    @property
    def missing_at_end(self) -> int: ...

    def frames(self) -> Iterator[Frame]: ...

    def notes(self) -> list[str]:
        """What the user should know about how the source was read: sentences without a full stop."""
        ...

    def facts(self) -> dict[str, Any]:
        """Facts for the record: the stream that was read, what was left out, how frames were changed."""
        ...

    def sha256(self) -> str:
        """The digest of all bytes of the source."""
        ...

    def close(self) -> None: ...


class Limited:
    """A source that ends after `max_frames` frames or before second `max_seconds`, whichever comes first."""

    def __init__(self, source: Source, max_frames: int | None, max_seconds: float | None) -> None:
        self._source = source
        self._max_frames = max_frames
        self._max_seconds = max_seconds
        self.decoded = 0
        self.reached = False
        self.size = source.size
        self.stored_size = source.stored_size
        self.fps = source.fps
        ends = [source.promised, max_frames]
        if max_seconds is not None and source.fps:
            ends.append(-int(-max_seconds * source.fps // 1))
        known = [end for end in ends if end is not None]
        self.promised = min(known) if known else None

    @property
    def lost(self) -> int:
        return self._source.lost

    @property
    def missing_at_end(self) -> int:
        return 0 if self.reached else self._source.missing_at_end

    def frames(self) -> Iterator[Frame]:
        for frame in self._source.frames():
            if self._max_seconds is not None and (frame.time_s or 0.0) >= self._max_seconds:
                self.reached = True
                return
            self.decoded += 1
            self.reached = self._max_frames is not None and self.decoded >= self._max_frames
            yield frame
            if self.reached:
                return

    def notes(self) -> list[str]:
        return self._source.notes()

    def facts(self) -> dict[str, Any]:
        return self._source.facts()

    def sha256(self) -> str:
        return self._source.sha256()

    def close(self) -> None:
        self._source.close()
