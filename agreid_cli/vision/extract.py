"""One video to tracks and crops: decode, detect, embed, track and cut in a pipeline of threads."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from agreid_cli.vision.cutting import Crop, cut
from agreid_cli.vision.detections import Detections, Tracks
from agreid_cli.vision.embedders import Embed
from agreid_cli.vision.pipeline import staged
from agreid_cli.vision.sources.source import Frame
from agreid_cli.vision.tracker import Tracker

#: A queue contains at most about this many bytes of frames (a 4K frame is 25 MB), but at least one item.
QUEUE_BYTES = 50e6


class Finder(Protocol):
    """The part of a detector that the pipeline uses."""

    def detect(self, frames: Sequence[np.ndarray], imgsz: int) -> list[Detections]: ...


@dataclass(frozen=True)
class Seen:
    """The detections of one frame. crops: only in every n-th frame."""

    frame: Frame
    detections: Detections
    embeddings: np.ndarray | None = None
    tracks: Tracks | None = None
    crops: tuple[Crop, ...] = ()


def extract(
    frames: Iterable[Frame],
    detector: Finder,
    tracker: Tracker,
    embed: Embed,
    *,
    frame_size: tuple[int, int],
    imgsz: int,
    batch: int,
    every: int,
    jpeg_quality: int,
    pixelate: bool,
    min_head_px: int,
) -> Generator[Seen, None, None]:
    """Yield every frame of a video, in order, with its tracks, and its crops where index % every == 0.

    The result does not depend on `batch`: all steps are pure except the tracker, which processes one frame
    after the other. Frames leave the pipeline without their pixels.
    """

    def detect(group: list[Frame]) -> list[Seen]:
        found = detector.detect([frame.image for frame in group], imgsz)
        return [Seen(frame, detections) for frame, detections in zip(group, found, strict=True)]

    def describe(group: list[Seen]) -> list[Seen]:
        if not tracker.uses_embeddings:
            return group
        return [replace(s, embeddings=embed(s.detections.boxes, s.frame.image)) for s in group]

    def link(group: list[Seen]) -> list[Seen]:
        return [replace(s, tracks=tracker.update(s.detections, s.embeddings, s.frame.image)) for s in group]

    def trim(group: list[Seen]) -> list[Seen]:
        return [_finished(s, every, jpeg_quality, pixelate, min_head_px) for s in group]

    depth = max(1, min(8, int(QUEUE_BYTES / (frame_size[0] * frame_size[1] * 3 * batch))))
    with closing(staged(_grouped(frames, batch), detect, describe, link, trim, depth=depth)) as groups:
        for group in groups:
            yield from group


def _finished(seen: Seen, every: int, jpeg_quality: int, pixelate: bool, min_head_px: int) -> Seen:
    crops: tuple[Crop, ...] = ()
    if seen.frame.index % every == 0 and seen.tracks is not None and len(seen.tracks):
        crops = tuple(
            cut(
                seen.frame.image,
                seen.detections,
                seen.tracks,
                jpeg_quality=jpeg_quality,
                pixelate=pixelate,
                min_head_px=min_head_px,
            )
        )
    bare = replace(seen.frame, image=np.empty((0, 0, 3), np.uint8))
    return replace(seen, frame=bare, embeddings=None, crops=crops)


def _grouped(frames: Iterable[Frame], size: int) -> Iterator[list[Frame]]:
    group: list[Frame] = []
    for frame in frames:
        group.append(frame)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group
