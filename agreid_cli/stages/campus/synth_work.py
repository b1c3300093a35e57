"""Work of one process: render whole frames for videos, or only crops.

A process builds the campus from the plan once and can then render any frame. Nothing here writes files.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing.connection import wait
from typing import Any, TypeVar

import cv2
import numpy as np

from agreid_cli.config.synth import SynthConfig
from agreid_cli.records.campus import PARTS_A_TRACK
from agreid_cli.records.crops import CAMID_OF_PLATFORM, video_crop_row
from agreid_cli.records.naming import VideoName, join_pid
from agreid_cli.synth.film.shoot import moment, shoot
from agreid_cli.synth.film.truth import cuts, mot_line, part_map, sights, track_row
from agreid_cli.synth.place.world import PLATFORMS, CampusPairs, Pair, Plan, make_campus
from agreid_cli.vision.cutting import encode, sharpness
from agreid_cli.vision.faces import pixelate_people

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Reel:
    """One video of the campus."""

    pair: int
    platform: str
    video_id: str
    frames: int
    size: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Filmed:
    """A frame with its ground truth. parts: PNG of the map of body parts, if requested."""

    frame: int
    image: np.ndarray
    tracks: list[dict[str, Any]]
    mot: str
    camera: dict[str, Any]
    parts: bytes | None


@dataclass(frozen=True, eq=False)
class CutOut:
    """A finished crop: its row, its JPEG, the PNG of its body parts, and its ground-truth row."""

    row: dict[str, Any]
    jpeg: bytes
    parts: bytes
    track: dict[str, Any]


def plan_of(config: SynthConfig) -> Plan:
    return Plan(config.identities, config.n_pairs, config.seconds, config.size, config.fps, config.seed)


@lru_cache(maxsize=2)
def campus_of(plan: Plan) -> CampusPairs:
    return make_campus(plan)


def reels(config: SynthConfig) -> list[Reel]:
    """Every video of the campus, pair by pair."""
    campus = campus_of(plan_of(config))
    return [
        Reel(
            pair.number,
            platform,
            str(VideoName(pair.session, pair.altitude, CAMID_OF_PLATFORM[platform], platform)),
            pair.frames,
            (lambda camera: (camera.width, camera.height))(pair.camera(platform, 0.0)),
        )
        for pair in map(campus.empty, range(len(campus)))
        for platform in PLATFORMS
    ]


def pid_of(pair: Pair, number: int) -> int:
    return join_pid(number, pair.session, pair.altitude)


def film(config: SynthConfig, reel: Reel, frame: int) -> Filmed:
    """One whole frame of a video."""
    pair = campus_of(plan_of(config))[reel.pair]
    now = moment(pair, reel.platform, frame)
    shot = shoot(now)
    seen = sights(now, shot)
    parts = _png(part_map(shot, PARTS_A_TRACK)) if frame % config.every == 0 else None
    return Filmed(
        frame=frame,
        image=shot.image,
        tracks=[track_row(now, one, reel.video_id, pid_of(pair, one.track_id - 1)) for one in seen],
        mot="".join(mot_line(now, one) for one in seen),
        camera=camera_row(pair, reel.platform, frame),
        parts=parts,
    )


def cut_out(config: SynthConfig, reel: Reel, frame: int) -> list[CutOut]:
    """The crops of one frame, without the frame: the same pixels, except for video compression."""
    pair = campus_of(plan_of(config))[reel.pair]
    now = moment(pair, reel.platform, frame)
    least = getattr(config.min_height, reel.platform) * config.size
    return [_cut_out(config, reel, pair, now, cut) for cut in cuts(now, least_height=least)]


def camera_row(pair: Pair, platform: str, frame: int) -> dict[str, Any]:
    """A row of `records.campus.CAMERAS`."""
    camera = pair.camera(platform, frame / pair.fps)
    return {
        "frame": frame,
        "time_s": frame / pair.fps,
        "K": camera.K.ravel().tolist(),
        "R": camera.R.ravel().tolist(),
        "t": camera.t.tolist(),
    }


def _cut_out(config: SynthConfig, reel: Reel, pair: Pair, now: Any, cut: Any) -> CutOut:
    x1, y1, x2, y2 = cut.box
    image, done = cut.image, "none"
    if config.faces.pixelate:
        own = (0.0, 0.0, float(x2 - x1), float(y2 - y1))
        image, done = pixelate_people(image, own, cut.others.tolist(), min_head_px=config.faces.min_head_px)
    row = video_crop_row(
        reel.video_id,
        cut.sight.track_id,
        now.frame,
        cut.box,
        camid=CAMID_OF_PLATFORM[reel.platform],
        platform=reel.platform,
        altitude=pair.altitude,
        session=pair.session,
        time_s=now.time_s,
        score=cut.score,
        frame_width=reel.size[0],
        frame_height=reel.size[1],
        sharpness=sharpness(cut.image),
        in_frame=round(cut.sight.in_frame, 4),
        pixelated=done,
    )
    track = track_row(now, cut.sight, reel.video_id, pid_of(pair, cut.sight.track_id - 1))
    return CutOut(row, encode(image, config.jpeg_quality), _png(cut.part), track)


def _png(image: np.ndarray) -> bytes:
    good, data = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 6])
    assert good
    return bytes(data)


@contextlib.contextmanager
def at_work(workers: int) -> Iterator[Callable[[Callable[[T], R], Iterable[T]], Iterator[R]]]:
    """An order-preserving `map` over this number of processes that buffers only a few results.

    One worker is this process itself.
    """
    if workers == 1:
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        try:
            yield lambda work, items: (work(item) for item in items)
        finally:
            cv2.setNumThreads(threads)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin)

    def ordered(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        ahead: deque[Future[R]] = deque()
        for item in items:
            ahead.append(pool.submit(work, item))
            if len(ahead) > 2 * workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()

    try:
        yield ordered
    except BaseException:
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        raise
    pool.shutdown()


def _begin() -> None:
    """In a worker: Ctrl-C is handled by the parent, and without a parent the worker exits."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def over(work: Callable[..., R], config: SynthConfig, reel: Reel) -> Callable[[int], R]:
    """`work` as a picklable function of the frame alone."""
    return partial(work, config, reel)
