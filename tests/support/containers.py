"""Containers with more than one video stream: covers, previews, second cameras, sound; and odd images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from tests.support import tiny


@dataclass(frozen=True)
class Track:
    """A video stream of drawn people. codec: of FFmpeg; marked: `attached_pic` or `default`."""

    frames: int = 20
    size: tuple[int, int] = tiny.SIZE
    codec: str = "libx264"
    marked: str = ""


COVER = Track(1, (300, 300), "mjpeg", "attached_pic")
STILL = Track(1, (300, 300), "mjpeg")


def mux(path: Path, *tracks: Track, sound: bool = False, fps: int = 10) -> Path:
    """Write the tracks in their order; silence comes first."""
    import av
    from av.stream import Disposition

    with av.open(str(path), "w") as output:
        audio = output.add_stream("aac", rate=16000, layout="mono") if sound else None
        streams = []
        for track in tracks:
            stream = output.add_stream(track.codec, rate=fps)
            stream.width, stream.height = track.size
            stream.pix_fmt = "yuvj420p" if track.codec == "mjpeg" else "yuv420p"
            if track.marked:
                stream.disposition = Disposition[track.marked]
            streams.append(stream)
        if audio is not None:
            for k in range(20):
                silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
                silence.sample_rate, silence.pts = 16000, k * 1024
                output.mux(audio.encode(silence))
        for index in range(max(track.frames for track in tracks)):
            for track, stream in zip(tracks, streams, strict=True):
                if index < track.frames:
                    image = tiny.draw(tiny.walkers(size=track.size), index, track.size)
                    output.mux(stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        for stream in [*streams, *([audio] if audio is not None else [])]:
            output.mux(stream.encode(None))
    return path


def anamorphic(path: Path, aspect: Fraction, frames: int = 12) -> Path:
    """A film whose pixels are `aspect` times as wide as high."""
    import av

    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=10)
        stream.width, stream.height = tiny.SIZE
        stream.pix_fmt = "yuv420p"
        stream.sample_aspect_ratio = stream.codec_context.sample_aspect_ratio = aspect
        for image in tiny.clip(frames):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        output.mux(stream.encode(None))
    return path


def woven(frames: int = 12) -> list[np.ndarray]:
    """Interlaced pictures: the lower half picture shows people three pixels further on."""

    def at(x: int) -> np.ndarray:
        return tiny.draw([tiny.Person(20 + x + 50 * k, 20, 0, height=90) for k in range(3)], 0)

    pictures = []
    for k in range(frames):
        picture = at(6 * k)
        picture[1::2] = at(6 * k + 3)[1::2]
        pictures.append(picture)
    return pictures


def combing(images: Sequence[np.ndarray]) -> float:
    """How much neighbouring lines differ beyond the ground's own, in grey levels: high where half pictures
    are woven."""

    def lines(images: Sequence[np.ndarray]) -> float:
        grey = np.stack([image[..., 1].astype(int) for image in images])
        return float(np.abs(grey[:, 1:-1] - (grey[:, :-2] + grey[:, 2:]) // 2).mean())

    return lines(images) - lines([tiny.ground()])


def shifted(source: Path, target: Path, frames: int, fps: int = 10) -> Path:
    """A copy whose edit list begins `frames` frames into the film."""
    import av

    options = {"use_editlist": "1", "avoid_negative_ts": "disabled"}
    with av.open(str(source)) as given, av.open(str(target), "w", options=options) as output:
        stream = given.streams.video[0]
        copy = output.add_stream_from_template(stream)
        by = round(frames / fps / stream.time_base)
        for packet in given.demux(stream):
            if packet.dts is not None:
                packet.stream, packet.pts, packet.dts = copy, packet.pts - by, packet.dts - by
                output.mux(packet)
    return target
