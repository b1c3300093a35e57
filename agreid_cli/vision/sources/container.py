"""The content of a video container: which stream is the main video, and what else is in it.

A cover image, a preview or an empty track may come before the video, and dashcams and body cameras store two
videos in one file. The first real video stream is read, one marked as the default before others; everything
left out is listed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition

from agreid_cli.errors import InputError

#: A track with fewer frames than this is a still image if another one has as many.
FEW = 2
#: Packets inspected to tell videos from stills if the container lists no frames.
PACKETS = 2000
#: A pixel shape closer to a square than this is square; a shape beyond the limit is a mistake in the file.
NEARLY, SHAPELESS = 0.01, 4
_MARKED_INTERLACED = (2, 3, 4, 5)  # AVFieldOrder: any but unknown (0) and progressive (1)
_PICTURE = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image


@dataclass(frozen=True)
class VideoStream:
    """A video stream. index: its number in the file; aspect: width of a pixel over its height.

    frames: how many are shown, if the container says so; hidden: stored frames that its edit list skips.
    """

    index: int
    codec: str
    width: int
    height: int
    fps: float | None
    frames: int | None
    hidden: int
    aspect: Fraction
    interlaced: bool

    def __str__(self) -> str:
        return f"stream {self.index} ({self.codec}, {self.width}×{self.height})"


@dataclass(frozen=True)
class Contents:
    """The video stream that is read, the others, and descriptions of the rest ("cover picture (mjpeg, …)").

    videos: number of video streams of any kind; if it is 1, a program that reads the first reads the right
    one.
    """

    format: str
    film: VideoStream
    others: tuple[VideoStream, ...]
    rest: tuple[str, ...]
    videos: int


def look(path: Path, stream: int | None = None) -> Contents:
    """The contents of a video file; `stream` is the number of the video stream to read, None for the first.

    Raises `InputError` if the file is not a video, contains no video stream, or `stream` is not one of them.
    """
    try:
        with opened(path) as container:
            return contents(container, str(path), stream)
    except (av.FFmpegError, OSError, ValueError, UnicodeError) as error:
        raise InputError(
            f"{path} is not a video that FFmpeg can open",
            hint="Check that the file was copied or recorded to its end; ffplay may say more.",
        ) from error


def opened(path: Path) -> Any:
    """The file as a container, by a name that FFmpeg cannot take for a protocol or a pattern."""
    return av.open(f"file:{Path(path).absolute()}", metadata_errors="replace")


def contents(container: Any, name: str, stream: int | None = None) -> Contents:
    """See `look`; `name` is used in messages. Reads packets only if a file has several video streams."""
    videos = [s for s in container.streams if s.type == "video"]
    pictures = [s for s in videos if s.disposition & _PICTURE]
    empty: list[Any] = []
    films = [s for s in videos if s not in pictures and s.codec_context is not None]
    if len(films) > 1:
        counts = _packets(container, films)
        stills = [s for s in films if counts[s.index] < FEW <= max(counts.values())]
        films = [s for s in films if s not in stills]
        empty = [s for s in stills if not counts[s.index]]
        pictures += [s for s in stills if s not in empty]
    others = Counter(_words(s) for s in container.streams if s not in videos)
    rest = [_picture_words(s) for s in pictures]
    rest += [f"stream {s.index}, which is empty" for s in empty]
    rest += [f"stream {s.index} of an unknown codec" for s in videos if s.codec_context is None]
    rest += [f"{words}{f' ×{n}' if n > 1 else ''}" for words, n in others.items()]
    if not films:
        raise InputError(
            f"{name} contains no video stream: {', '.join(rest) or 'no stream at all'}",
            hint="Give the path of a video.",
        )
    known = [_film(container, s) for s in films]
    if stream is not None:
        taken = next((f for f in known if f.index == stream), None)
        if taken is None:
            raise InputError(
                f"{name} has no video in stream {stream}",
                hint=f"Its video streams: {', '.join(map(str, known))}. Choose one: --set source.stream=N",
            )
    else:
        default = [f for f, s in zip(known, films, strict=True) if s.disposition & Disposition.default]
        taken = (default or known)[0]
    return Contents(
        container.format.name, taken, tuple(f for f in known if f != taken), tuple(rest), len(videos)
    )


def _packets(container: Any, films: list[Any]) -> Counter[int]:
    """Packets with data per video stream, from the start of the file; from the container's index if any."""
    counts: Counter[int] = Counter({s.index: s.frames for s in films})
    if all(counts.values()):
        return counts
    counts = Counter({s.index: 0 for s in films})
    try:
        for seen, packet in enumerate(container.demux(films)):
            counts[packet.stream_index] += packet.size > 0
            if seen >= PACKETS or min(counts.values()) >= FEW:
                break
    except (av.FFmpegError, OSError):
        pass  # what was counted before the damage decides
    return counts


def _film(container: Any, stream: Any) -> VideoStream:
    context = stream.codec_context
    rate = stream.average_rate or stream.guessed_rate
    fps = float(rate) if rate and 0 < rate < 1000 else None
    length = stream.duration and stream.duration * stream.time_base
    if not length and container.duration:
        length = Fraction(container.duration, av.time_base)
    guess = round(length * rate) if length and length > 0 and fps else 0
    hidden = _hidden(stream) if "mov" in container.format.name else 0
    return VideoStream(
        index=stream.index,
        codec=context.name,
        width=context.width,
        height=context.height,
        fps=fps,
        frames=stream.frames - hidden or guess or None,
        hidden=hidden,
        aspect=pixel_aspect(stream.sample_aspect_ratio),
        interlaced=getattr(context, "field_order", 0) in _MARKED_INTERLACED,
    )


def _hidden(stream: Any) -> int:
    """Frames that the container lists and its edit list (MP4, MOV) skips."""
    listed = getattr(stream, "index_entries", ()) if stream.frames else ()  # in PyAV 17 and later
    if len(listed) in (0, stream.frames):
        return 0
    return max(0, int(stream.frames) - sum(not entry.is_discard for entry in listed))


def pixel_aspect(stated: Fraction | None) -> Fraction:
    """The stated shape of a pixel, or 1 if none is stated, it is nearly square, or it is implausible.

    >>> pixel_aspect(Fraction(16, 11)), pixel_aspect(None), pixel_aspect(Fraction(4095, 4096))
    (Fraction(16, 11), Fraction(1, 1), Fraction(1, 1))
    """
    if not stated or stated <= 0 or not Fraction(1, SHAPELESS) <= stated <= SHAPELESS:
        return Fraction(1)
    return Fraction(1) if abs(stated - 1) < NEARLY else stated


def is_deinterlaced(interlaced: bool, deinterlace: str) -> bool:
    """Whether the setting (auto, on or off) deinterlaces frames, some of which may be marked."""
    return deinterlace == "on" or (deinterlace == "auto" and interlaced)


def treatment(film: VideoStream, size: tuple[int, int], interlaced: bool, deinterlace: str) -> list[str]:
    """What is done to the frames, as notes; `size` is their width and height with square pixels."""
    found = []
    if film.aspect != 1:
        shape = f"{film.aspect.numerator}:{film.aspect.denominator}"
        found.append(
            f"its pixels are not square ({shape}): frames of {film.width}×{film.height} are stretched to "
            f"{size[0]}×{size[1]}"
        )
    if interlaced:
        done = "deinterlaced" if is_deinterlaced(interlaced, deinterlace) else "left interlaced"
        found.append(f"its frames are interlaced: {done}")
    return found


def _picture_words(stream: Any) -> str:
    context = stream.codec_context
    form = f", {context.name}, {context.width}×{context.height}" if context else ""
    return f"a picture (stream {stream.index}{form})"


def _words(stream: Any) -> str:
    context = getattr(stream, "codec_context", None)
    return f"{stream.type} ({context.name})" if context is not None else str(stream.type)
