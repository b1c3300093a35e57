"""One frame of one camera, or a window of it, with ground truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agreid_cli.synth.draw.camera import Camera, Window
from agreid_cli.synth.draw.mesh import placed
from agreid_cli.synth.draw.sensor import Shift, expose
from agreid_cli.synth.film.render import render
from agreid_cli.synth.people.figure import figure
from agreid_cli.synth.place.scene import Placed
from agreid_cli.synth.place.world import Pair

#: Samples per pixel in each direction.
SUPERSAMPLE = 2


@dataclass(frozen=True, eq=False)
class Shot:
    """A window of a frame. image: uint8 (h, w, 3) BGR; owner: int16 (h, w), index into `people`, −1 none;
    part: uint8 (h, w)."""

    window: Window
    people: tuple[Placed, ...]
    image: np.ndarray
    owner: np.ndarray
    part: np.ndarray


@dataclass(frozen=True, eq=False)
class Moment:
    """A camera at a frame: the people present, and the bounding box of each in the image.

    boxes: float64 (n, 4), x1 y1 x2 y2 in pixels, may exceed the frame; rows of people behind the camera
    are NaN.
    """

    pair: Pair
    platform: str
    frame: int
    camera: Camera
    people: tuple[Placed, ...]
    boxes: np.ndarray

    @property
    def time_s(self) -> float:
        return self.frame / self.pair.fps

    @property
    def in_frame(self) -> np.ndarray:
        """The fraction of each box inside the frame, 0..1."""
        size = np.array([self.camera.width, self.camera.height])
        low, high = np.maximum(self.boxes[:, :2], 0), np.minimum(self.boxes[:, 2:], size)
        whole = np.prod(self.boxes[:, 2:] - self.boxes[:, :2], axis=1)
        return np.asarray(np.nan_to_num(np.prod(np.maximum(high - low, 0), axis=1) / np.maximum(whole, 1e-9)))


def moment(pair: Pair, platform: str, frame: int) -> Moment:
    """The positions of all people at this frame."""
    time_s = frame / pair.fps
    camera, people = pair.camera(platform, time_s), pair.placed(time_s)
    boxes = np.array([_box(person, camera) for person in people]).reshape(-1, 4)
    return Moment(pair, platform, frame, camera, people, boxes)


def shoot(now: Moment, window: Window | None = None) -> Shot:
    """The image of `window` (default: the whole frame). It equals that part of the whole frame, except for
    a border of `sensor.MARGIN` pixels."""
    pair, camera = now.pair, now.camera
    window = window or (0, 0, camera.width, camera.height)
    seen = render(pair.scene(now.time_s), camera, window, supersample=SUPERSAMPLE)
    still, moves = _shifts(now)
    key = [pair.seed, pair.number, len(now.platform), now.frame]
    image = expose(
        seen.image,
        seen.owner,
        window,
        pair.sensors[now.platform],
        shift=still,
        shifts=moves,
        seed=int(np.random.SeedSequence(key).generate_state(1)[0]),
    )
    return Shot(window, now.people, image, seen.owner, seen.part)


def _box(person: Placed, camera: Camera) -> list[float]:
    mesh = placed(figure(person.look, person.phase, person.speed), person.x, person.y, person.heading_rad)
    pixels, depth = camera.project(mesh.points)
    if depth.min() < 0.3:
        return [np.nan] * 4
    return [*pixels.min(axis=0).tolist(), *pixels.max(axis=0).tolist()]


def _shifts(now: Moment) -> tuple[Shift, dict[int, Shift]]:
    """Motion of the ground at the image centre, and of each person, while the shutter is open; pixels."""
    pair, platform = now.pair, now.platform
    half = pair.carrier(platform).shutter_s / 2
    before, after = (pair.camera(platform, now.time_s + step) for step in (-half, half))
    ahead = now.camera.R[2]
    ground = now.camera.centre - ahead * (now.camera.centre[2] / min(ahead[2], -1e-3))

    def shift(at_first: np.ndarray, at_last: np.ndarray) -> Shift:
        first, last = before.project(at_first[None])[0][0], after.project(at_last[None])[0][0]
        x, y = np.clip(last - first, -24, 24)
        return float(x), float(y)

    moves = {}
    for index, person in enumerate(now.people):
        step = person.speed * half * np.array([np.cos(person.heading_rad), np.sin(person.heading_rad), 0.0])
        middle = np.array([person.x, person.y, person.look.height_m / 2])
        if now.camera.project(middle[None])[1][0] > 0.5:
            moves[index] = shift(middle - step, middle + step)
    return shift(ground, ground), moves
