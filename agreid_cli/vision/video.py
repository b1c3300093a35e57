"""Frames out of a video file, with an account of what was lost.

OpenCV stops silently at a corrupt packet, promises frame counts that are wrong, and can open a file of
which it decodes nothing. So the count is never trusted, grabbing goes on past failures, and a frame that
is lost between good ones keeps its place in the frame numbering.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agreid_cli.errors import InputError
from agreid_cli.vision.clock import Clock

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # FFmpeg writes dozens of lines about one packet
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

import cv2

#: So many failed grabs in a row mean the end; a corrupt stretch is seldom longer.
PATIENCE = 64


@dataclass(frozen=True)
class Frame:
    """One decoded frame: 0-based index, seconds since the first by the stream's timestamps, pixels.

    image: uint8 (height, width, 3), BGR.
    """

    index: int
    time_s: float | None
    image: np.ndarray


class Video:
    """An opened video; `InputError` when it is not one. Iterate `frames()` once.

    width, height: pixels as shown (rotation metadata applied). promised: the container's frame count, or
    None when it is no sane number. decoded: frames given out so far.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        _check_file(self.path)
        self._capture = cv2.VideoCapture(str(self.path))
        if not self._capture.isOpened():
            raise InputError(
                f"{self.path} is not a video that OpenCV can open",
                hint="Check that the file was copied or recorded to its end; ffplay may say more.",
            )
        self.fps = self._sane(cv2.CAP_PROP_FPS, 1000)
        count = self._sane(cv2.CAP_PROP_FRAME_COUNT, 1e8)
        self.promised = int(count) if count else None
        self.decoded = 0
        self._clock = Clock(self.fps, self.promised, listed=_lists_frames(self.path))
        self._newest_ms = 0.0
        self._first = self._read()
        if self._first is None:
            code = int(self._capture.get(cv2.CAP_PROP_FOURCC))
            name = "".join(chr(code >> shift & 255) for shift in (0, 8, 16, 24)).strip("\0 ") or "unknown"
            raise InputError(
                f"{self.path} opens as a video but not one frame can be decoded (codec {name})",
                hint=f"Convert it: ffmpeg -i {self.path.name} -c:v libx264 -crf 18 converted.mp4",
            )
        self.height, self.width = self._first.image.shape[:2]

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    @property
    def lost(self) -> int:
        """Frames that could not be decoded but were followed by good ones."""
        return 0 if self.decoded == self.promised else self._clock.lost

    @property
    def missing_at_end(self) -> int:
        """Frames that the container promised after the last one decoded (0 when it promised nothing).

        Some containers state a duration only, of which OpenCV makes a count; with a variable frame rate
        that is wrong, and nothing is missing when the last timestamp reaches the stated end.
        """
        if not self.promised or self.decoded == self.promised:
            return 0
        missing = self.promised - self._clock.frames
        if self.fps and self._newest_ms > 0:
            missing = min(missing, round(self.promised - self._newest_ms / 1000 * self.fps - 1))
        return max(0, missing)

    def frames(self) -> Iterator[Frame]:
        """All frames in order; each failure in between is counted in `lost` and keeps its index."""
        frame = self._first
        self._first = None
        while frame is not None:
            yield frame
            frame = self._read()

    def close(self) -> None:
        self._capture.release()

    def _read(self) -> Frame | None:
        failures = 0
        while failures < PATIENCE:
            good, image = self._capture.retrieve() if self._capture.grab() else (False, None)
            if not good or image is None:
                failures += 1
                continue
            stamp = self._capture.get(cv2.CAP_PROP_POS_MSEC)
            place = self._clock.tick(failures, stamp)
            if place is None:
                continue
            self._newest_ms = stamp
            self.decoded += 1
            return Frame(*place, _bgr(image))
        return None

    def _sane(self, prop: int, limit: float) -> float | None:
        value = self._capture.get(prop)
        return value if 0 < value < limit else None


def _bgr(image: np.ndarray) -> np.ndarray:
    if image.ndim == 2:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR))
    return cv2.cvtColor(image, cv2.COLOR_BGRA2BGR) if image.shape[2] == 4 else image


def _lists_frames(path: Path) -> bool:
    with open(path, "rb") as handle:
        return handle.read(12)[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")


def _check_file(path: Path) -> None:
    if not path.exists():
        raise InputError(f"{path} does not exist", hint="Check the path and the spelling.")
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a video", hint=f"Name the files: {path}/*.mp4")
    try:
        with open(path, "rb") as handle:
            empty = not handle.read(1)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    if empty:
        raise InputError(f"{path} is empty (0 bytes)", hint="Copy or record the video again.")
