"""Decode one stream of a container with FFmpeg through PyAV and report every failure.

OpenCV always reads the first video stream of a file, even if that is a cover image, and returns black images
for interlaced frames. The pixels here equal OpenCV's byte for byte: the same conversion is requested.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.filter import Graph

#: This many failed reads of the container in a row mean its end.
DEAD_READS = 64
_TURNS = {0: 0, 90: 1, 180: 2, -180: 2, -90: 3, 270: 3}


class Decoder:
    """Decodes one video stream; `pictures()` can be iterated once.

    deinterlace: `auto` processes the frames that are marked as interlaced, `on` all, `off` none.
    aspect: the width of a pixel over its height; if it is not 1, images are stretched (never shrunk).
    size: width and height that all images are scaled to, as stored; None uses the size of the first.
    interlaced: number of frames so far that were marked as interlaced.
    """

    def __init__(
        self,
        container: Any,
        stream: Any,
        *,
        deinterlace: str,
        aspect: Fraction,
        size: tuple[int, int] | None = None,
    ) -> None:
        self._container = container
        self._stream = stream
        self._deinterlace = deinterlace
        self._aspect = aspect
        self._graph: Any = None
        self._form: tuple[Any, ...] = ()
        self.size = size
        self._unordered = container.format.name == "avi"  # which stores no presentation timestamps
        self.interlaced = 0
        stream.thread_type = "AUTO"

    def pictures(self, skip: int = 0) -> Iterator[tuple[np.ndarray, float | None] | None]:
        """The image, uint8 BGR (height, width, 3), and its timestamp in milliseconds; None is a failure.

        skip: this many images at the beginning are decoded but not returned.
        """
        for frame in self._all():
            if skip:
                skip -= frame is not None
            else:
                yield None if frame is None else self._finished(frame)

    def _all(self) -> Iterator[Any]:
        for packet in self._packets():
            if packet is None:
                yield None
                continue
            try:
                frames = self._stream.decode(packet)
            except av.FFmpegError:
                yield None
                continue
            for frame in frames:
                yield from self._treated(frame)
        with contextlib.suppress(
            av.FFmpegError
        ):  # if reading failed, the last frames are still in the decoder
            for frame in self._stream.decode(None):
                yield from self._treated(frame)
        yield from self._drained()

    def _packets(self) -> Iterator[Any]:
        """The packets of the stream, with the empty one at the end last; None if reading failed."""
        failures = 0
        while failures < DEAD_READS:
            try:
                for packet in self._container.demux(self._stream):
                    failures = 0
                    yield packet
                return
            except (av.FFmpegError, OSError):
                failures += 1
                yield None

    def _treated(self, frame: Any) -> Iterator[Any]:
        """The frame, deinterlaced if needed; the filter returns each frame one later."""
        marked = bool(frame.interlaced_frame)
        self.interlaced += marked
        if self._graph is None and not marked and self._deinterlace != "on":
            yield frame
            return
        form = (frame.width, frame.height, frame.format.name)
        if self._graph is None or form != self._form:
            yield from self._drained()
            self._graph, self._form = self._make_graph(frame), form
        self._graph.push(frame)
        yield from self._pulled()

    def _make_graph(self, frame: Any) -> Any:
        graph = Graph()
        source = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=frame.time_base or self._stream.time_base,
        )
        if self._deinterlace == "off":
            step = graph.add("setfield", "mode=prog")  # the converter refuses frames marked as interlaced
        else:
            step = graph.add(
                "bwdif", f"mode=send_frame:deint={'all' if self._deinterlace == 'on' else 'interlaced'}"
            )
        sink = graph.add("buffersink")
        source.link_to(step)
        step.link_to(sink)
        graph.configure()
        return graph

    def _pulled(self) -> Iterator[Any]:
        while True:
            try:
                yield self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return

    def _drained(self) -> Iterator[Any]:
        if self._graph is not None:
            self._graph.push(None)
            yield from self._pulled()
            self._graph = None

    def _finished(self, frame: Any) -> tuple[np.ndarray, float | None] | None:
        if self.size is None:
            self.size = (frame.width, frame.height)
        try:
            image = frame.to_ndarray(
                format="bgr24",
                width=self.size[0],  # a stream that changes its size keeps the first size
                height=self.size[1],
                interpolation="BICUBIC",
            )
        except (av.FFmpegError, ValueError):
            return None
        if self._aspect != 1:
            image = cv2.resize(image, square(self.size, self._aspect), interpolation=cv2.INTER_CUBIC)
        turns = _TURNS.get(round(frame.rotation), 0)
        if turns:
            image = np.ascontiguousarray(np.rot90(image, turns))
        stamp = frame.pts if frame.pts is not None and not self._unordered else frame.dts
        return image, None if stamp is None else float(
            stamp * (frame.time_base or self._stream.time_base) * 1000
        )


def square(size: tuple[int, int], aspect: Fraction) -> tuple[int, int]:
    """The size (width, height) with square pixels: the narrower direction is stretched.

    >>> square((352, 288), Fraction(16, 11)), square((720, 480), Fraction(8, 9))
    ((512, 288), (720, 540))
    """
    width, height = size
    return (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))
