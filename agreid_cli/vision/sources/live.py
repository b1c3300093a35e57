"""One connection to a stream: its packets as they arrive, and files they are copied into without decoding.

Copying keeps every frame, however slow the detector is; decoding while receiving would have to drop frames.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from agreid_cli.errors import InputError
from agreid_cli.vision.sources.address import check_address, shown
from agreid_cli.vision.sources.container import contents

_OPTIONS = {"rtsp": {"rtsp_transport": "tcp"}, "rtsps": {"rtsp_transport": "tcp"}}
#: Formats without timestamps; the time of arrival is used.
_TIMELESS = frozenset({"mpjpeg", "mjpeg"})
_MILLISECOND = Fraction(1, 1000)


class ConnectionLostError(Exception):
    """The connection broke. closed: the other end closed it; otherwise it timed out or was reset."""

    def __init__(self, reason: str, *, closed: bool = False) -> None:
        super().__init__(reason)
        self.closed = closed


class Live:
    """An open connection. Raises `ConnectionLostError` if it fails, `InputError` if it carries no video.

    film: a description of the stream that is read. left_out: the rest. finite: the other end serves a file.
    untimed: packets so far that were dropped because they have no timestamp.
    """

    def __init__(self, address: str, *, timeout_s: float, stream: int | None = None) -> None:
        check_address(address)
        options = _OPTIONS.get(address.partition("://")[0].lower(), {})
        try:
            self._container = av.open(address, options=options, timeout=timeout_s, metadata_errors="replace")
        except (av.FFmpegError, OSError) as error:
            raise ConnectionLostError(_reason(error)) from error
        try:
            found = contents(self._container, shown(address), stream)
        except InputError:
            self._container.close()
            raise
        self.stream = self._container.streams[found.film.index]
        self.film, self.fps = str(found.film), found.film.fps
        self.left_out = (*map(str, found.others), *found.rest)
        self.finite = bool((self._container.size or 0) > 0 or self._container.duration)
        self.untimed = 0
        self._timeless = found.format in _TIMELESS

    def packets(self) -> Iterator[tuple[Any, float]]:
        """Each packet with the seconds since the first one; the end of the iteration is the stream's end.

        Raises `ConnectionLostError` when the connection breaks off.
        """
        began, newest = time.monotonic(), -1
        first: int | None = None
        base = _MILLISECOND if self._timeless else self.stream.time_base or _MILLISECOND
        try:
            for packet in self._container.demux(self.stream):
                if not packet.size:
                    continue
                if self._timeless:
                    newest = max(newest + 1, int((time.monotonic() - began) / base))
                    packet.time_base, packet.pts, packet.dts = base, newest, newest
                if packet.pts is None or packet.dts is None:
                    self.untimed += 1
                    continue
                first = packet.pts if first is None else first
                yield packet, float((packet.pts - first) * base)
        except (av.FFmpegError, OSError) as error:
            closed = isinstance(error, EOFError) or getattr(error, "errno", None) == 5
            raise ConnectionLostError(_reason(error), closed=closed) from error

    def close(self) -> None:
        self._container.close()


class Copy:
    """A Matroska file into which packets are copied."""

    def __init__(self, path: Path, stream: Any) -> None:
        self._container = av.open(
            str(path.absolute()), "w", format="matroska", container_options={"fflags": "+bitexact"}
        )
        self._stream = self._container.add_stream_from_template(stream)

    def write(self, packet: Any) -> None:
        packet.stream = self._stream
        self._container.mux(packet)

    def close(self) -> None:
        self._container.close()


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text)[:1].lower() + str(text)[1:]
