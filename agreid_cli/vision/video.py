"""Read the frames of a video file and account for those that were lost.

Decoders stop silently at a corrupt packet, report wrong frame counts, and open files of which they decode
nothing. So the reported count is never trusted, reading continues after failures, and a frame lost between
good ones keeps its place in the frame numbering.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from agreid_cli.config.extract_crops import SourceConfig
from agreid_cli.errors import InputError
from agreid_cli.records.files import sha256
from agreid_cli.records.regular import check_regular
from agreid_cli.vision.clock import Clock
from agreid_cli.vision.sources.container import Contents, is_deinterlaced, look, opened, treatment
from agreid_cli.vision.sources.source import Frame

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # FFmpeg writes dozens of lines about one packet
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

import cv2

from agreid_cli.vision.sources.decoder import Decoder

#: This many failed reads in a row mean the end; a corrupt stretch is rarely longer.
PATIENCE = 64

Picture = tuple[np.ndarray, float | None]


class Video:
    """An open video file; `InputError` if it is not one. `frames()` can be iterated once.

    stream: which video stream of the file to read; deinterlace: `auto` (frames that are marked as
    interlaced), `on` (all) or `off`. width, height: pixels as shown (rotated upright, pixels made square).
    The rest is as in `Source`.
    """

    def __init__(self, path: Path, *, stream: int | None = None, deinterlace: str = "auto") -> None:
        self.path = Path(path)
        _check_file(self.path)
        self.contents: Contents = look(self.path, stream)
        _refuse_picture(self.path, self.contents)
        self._deinterlace = deinterlace
        self._capture: Any = None
        self._container: Any = None
        self._decoder: Decoder | None = None
        film = self.contents.film
        self.fps, self.promised = film.fps, film.frames
        self._pictures = self._ordinary() if self.is_ordinary() else self._by_decoder(0)
        self.decoded = 0
        self._newest_ms = 0.0
        self._clock: Clock | None = None
        self._first = self._read()
        if self._first is None:
            raise InputError(
                f"{self.path} opens as a video but not one frame can be decoded (codec {film.codec})",
                hint=f"Convert it: ffmpeg -i {self.path.name} -c:v libx264 -crf 18 converted.mp4",
            )
        self.height, self.width = self._first.image.shape[:2]

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    @property
    def stored_size(self) -> tuple[int, int]:
        film = self.contents.film
        return self.size if film.aspect == 1 else (film.width, film.height)

    @property
    def lost(self) -> int:
        """Number of frames that could not be decoded and were followed by good ones."""
        return 0 if self.decoded == self.promised or self._clock is None else self._clock.lost

    @property
    def missing_at_end(self) -> int:
        """Frames that the container promised after the last decoded one (0 if it promised nothing).

        Some containers state only a duration, from which a count is derived. With a variable frame rate that
        count is wrong, and nothing is missing if the last timestamp reaches the stated end.
        """
        if not self.promised or self.decoded == self.promised or self._clock is None:
            return 0
        missing = self.promised - self._clock.frames
        if self.fps and self._newest_ms > 0:
            missing = min(missing, round(self.promised - self._newest_ms / 1000 * self.fps - 1))
        return max(0, missing)

    def frames(self) -> Iterator[Frame]:
        """All frames in order; each failure between good frames is counted in `lost` and keeps its index."""
        frame = self._first
        self._first = None
        while frame is not None:
            yield frame
            frame = self._read()

    def notes(self) -> list[str]:
        film = self.contents.film
        found = []
        if self.contents.others or self.contents.videos > 1:
            rest = [
                *(f"{other}, another video stream" for other in self.contents.others),
                *self.contents.rest,
            ]
            found.append(f"reading {film}; left out: {'; '.join(rest)}")
        if self.contents.others:
            found.append(f"to read another video stream: --set source.stream={self.contents.others[0].index}")
        return found + treatment(film, self.size, self._interlaced(), self._deinterlace)

    def facts(self) -> dict[str, Any]:
        film = self.contents.film
        return {
            "kind": "file",
            "stream": film.index,
            "codec": film.codec,
            "left_out": [*map(str, self.contents.others), *self.contents.rest],
            "pixel_aspect": f"{film.aspect.numerator}:{film.aspect.denominator}",
            "interlaced": self._interlaced(),
            "deinterlaced": is_deinterlaced(self._interlaced(), self._deinterlace),
        }

    def sha256(self) -> str:
        return sha256(self.path)

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
        if self._container is not None:
            self._pictures = iter(())
            self._container.close()
            self._container = None

    def _interlaced(self) -> bool:
        return self.contents.film.interlaced or bool(self._decoder and self._decoder.interlaced)

    def is_ordinary(self) -> bool:
        """Whether OpenCV, which is a little faster, reads the right stream and decodes it correctly.

        A name that is not UTF-8 ends the process inside OpenCV.
        """
        film = self.contents.film
        alone = self.contents.videos == 1 and film.aspect == 1
        named = os.fsencode(self.path.absolute()).decode("utf-8", "replace") == str(self.path.absolute())
        return alone and named and not film.interlaced and self._deinterlace != "on"

    def _ordinary(self) -> Iterator[Picture | None]:
        """Frames from OpenCV, and from the decoder as soon as one is black or equal to the one before.

        OpenCV does not convert interlaced frames: it returns the pixels of the frame before, black at first.
        """
        self._capture = cv2.VideoCapture(str(self.path.absolute()), cv2.CAP_FFMPEG)
        given = 0
        if self._capture.isOpened():
            self.fps = self._sane(cv2.CAP_PROP_FPS, 1000)
            count = self._sane(cv2.CAP_PROP_FRAME_COUNT, 1e8)
            self.promised = int(count) - self.contents.film.hidden if count else None
            before = np.zeros((1, 1, 3), np.uint8)
            while True:
                good, image = self._capture.retrieve() if self._capture.grab() else (False, None)
                if not good or image is None:
                    yield None
                    continue
                sample = image[::16, ::16].copy()
                if not (sample ^ before).any():
                    break
                before = sample
                given += 1
                yield _bgr(image), self._capture.get(cv2.CAP_PROP_POS_MSEC)
        yield from self._by_decoder(given)

    def _by_decoder(self, skip: int) -> Iterator[Picture | None]:
        film = self.contents.film
        self._container = opened(self.path)
        self._decoder = Decoder(
            self._container,
            self._container.streams[film.index],
            deinterlace=self._deinterlace,
            aspect=film.aspect,
        )
        yield from self._decoder.pictures(skip)

    def _read(self) -> Frame | None:
        failures = 0
        while failures < PATIENCE:
            picture = next(self._pictures, None)
            if self._clock is None:  # now the frame rate is known
                self._clock = Clock(self.fps, self.promised, listed=_lists_frames(self.path))
            if picture is None:
                failures += 1
                continue
            image, stamp = picture
            place = self._clock.tick(failures, stamp or 0.0)
            if place is None:
                continue
            self._newest_ms = stamp or 0.0
            self.decoded += 1
            return Frame(*place, image)
        return None

    def _sane(self, prop: int, limit: float) -> float | None:
        value = self._capture.get(prop)
        return value if 0 < value < limit else None


def open_file(path: Path, config: SourceConfig) -> Video:
    """The opener of video files."""
    stream = None if config.stream == "auto" else config.stream
    return Video(path, stream=stream, deinterlace=config.deinterlace)


def _bgr(image: np.ndarray) -> np.ndarray:
    if image.ndim == 2:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR))
    return cv2.cvtColor(image, cv2.COLOR_BGRA2BGR) if image.shape[2] == 4 else image


def _lists_frames(path: Path) -> bool:
    with open(path, "rb") as handle:
        return handle.read(12)[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")


def _refuse_picture(path: Path, contents: Contents) -> None:
    """A single image is not a recording; an animated GIF or PNG is one."""
    still = contents.format.endswith("_pipe") or contents.format == "image2"
    if still or (contents.format in ("gif", "apng") and contents.film.frames == 1):
        raise InputError(
            f"{path} is a single image, not a recording",
            hint=f"To read the frames in a folder, give the folder: {path.parent}",
        )


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a video", hint=f"Name the files: {path}/*.mp4")
    check_regular(path)
    try:
        with open(path, "rb") as handle:
            empty = not handle.read(1)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    if empty:
        raise InputError(f"{path} is empty (0 bytes)", hint="Copy or record the video again.")
