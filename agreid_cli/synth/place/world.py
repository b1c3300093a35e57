"""The campus from a seed: who is present, when, where they walk, and in which light they are filmed.

Everything depends only on the plan and the seed, so any process can reproduce any moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial
from typing import Any

import numpy as np

from agreid_cli.synth.draw.camera import Camera
from agreid_cli.synth.draw.light import Light
from agreid_cli.synth.draw.sensor import Sensor
from agreid_cli.synth.people.look import Look, make_look
from agreid_cli.synth.people.population import draw_population
from agreid_cli.synth.place.flight import Flight, Mount, at_light, make_flight, make_mount
from agreid_cli.synth.place.plaza import Plaza, make_light, make_plaza, make_sensors
from agreid_cli.synth.place.scene import Placed, Scene
from agreid_cli.synth.place.walks import Walk, far_enough, make_walk

#: Metres of ground per stride of two steps, for each metre of body height.
STRIDE = 0.82
PLATFORMS = ("uav", "cctv")
#: Maximum number of attempts to draw a walk that both cameras see enough of.
TRIES = 40
#: The first days of filming, in an order given by the seed; a large campus continues with the others.
_DAYS = ("0214", "0222", "0304", "0317", "0404", "0419", "0502", "0513", "0606", "0621", "0711", "0730")
_YEAR = tuple(f"{date.fromordinal(date(2023, 1, 1).toordinal() + day):%m%d}" for day in range(365))
#: Days × halves × altitudes: one more pair of videos would get the name of the first.
MOST_PAIRS = len(_YEAR) * 2 * 3


@dataclass(frozen=True)
class Plan:
    """The requested campus. size: 1 for the paper's frames, 0.25 for a quarter of their width."""

    identities: int
    pairs: int
    seconds: float
    size: float
    fps: int
    seed: int


@dataclass(frozen=True, eq=False)
class Person:
    """One identity. number: P of the official name; attributes: group to its normalised label."""

    number: int
    attributes: dict[str, str]
    look: Look
    walk: Walk
    start_phase: float


@dataclass(frozen=True, eq=False)
class Pair:
    """Two simultaneous videos of one session: drone and wall camera.

    session: MMDD then 0 morning, 1 afternoon; altitude: class 0, 1, 2; frames: of each video.
    """

    number: int
    session: str
    altitude: int
    frames: int
    fps: int
    people: tuple[Person, ...]
    plaza: Plaza
    light: Light
    flight: Flight
    mount: Mount
    sensors: dict[str, Sensor]
    seed: int

    def carrier(self, platform: str) -> Flight | Mount:
        return self.flight if platform == "uav" else self.mount

    def camera(self, platform: str, time_s: float) -> Camera:
        return self.carrier(platform).camera(time_s)

    def placed(self, time_s: float) -> tuple[Placed, ...]:
        """The people on the campus at this moment; `Placed.pid` is the person's number in the session."""
        found = []
        for person in self.people:
            state = person.walk.at(time_s)
            if state is not None:
                phase = person.start_phase + state.distance_m / (STRIDE * person.look.height_m)
                place = (state.x, state.y, state.heading_rad, phase % 1.0, state.speed)
                found.append(Placed(person.number, person.look, *place))
        return tuple(found)

    def scene(self, time_s: float) -> Scene:
        return Scene(self.placed(time_s), self.plaza.ground, self.plaza.occluders, self.light)


class CampusPairs(Sequence[Pair]):
    """The pairs of videos of a plan, each generated on access, so that a large campus starts immediately."""

    def __init__(self, plan: Plan) -> None:
        rng = np.random.default_rng([plan.seed, 1])
        self.plan = plan
        self.plaza = make_plaza(np.random.default_rng([plan.seed, 2]))
        self.mount = make_mount(np.random.default_rng([plan.seed, 3]), scale=plan.size)
        self.people = draw_population(plan.identities, rng)
        self.days = list_of_days(rng)
        self.shares = np.array_split(rng.permutation(plan.identities), plan.pairs)
        self._drawn: dict[int, Pair] = {}

    def __len__(self) -> int:
        return len(self.shares)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return [self[at] for at in range(*number.indices(len(self)))]
        number = range(len(self))[number]
        if number not in self._drawn:
            people = [self.people[at] for at in self.shares[number]]
            self._drawn[number] = _inhabited(*self._empty(number), people)
        return self._drawn[number]

    def empty(self, number: int) -> Pair:
        """The pair of videos without its people, who take most of the time."""
        return self._empty(number)[0]

    def _empty(self, number: int) -> tuple[Pair, np.ndarray, np.random.Generator]:
        return _empty_pair(number, self.days, self.plaza, self.mount, self.plan)


def make_campus(plan: Plan) -> CampusPairs:
    """The pairs of videos of a plan; each identity walks in one of them."""
    return CampusPairs(plan)


def list_of_days(rng: np.random.Generator) -> list[str]:
    """Every day of a year, MMDD, in the order of filming."""
    return [_DAYS[at] for at in rng.permutation(len(_DAYS))] + [day for day in _YEAR if day not in _DAYS]


def session_name(number: int, days: Sequence[str]) -> str:
    """MMDD and 0 or 1: mornings and afternoons of consecutive days.

    After a year the days repeat, with the next altitude for a session's pair of videos.
    """
    return f"{days[number // 2 % len(days)]}{number % 2}"


def _empty_pair(
    number: int, days: Sequence[str], plaza: Plaza, mount: Mount, plan: Plan
) -> tuple[Pair, np.ndarray, np.random.Generator]:
    """Also returns the point the drone looks at, and the generator for its people."""
    rng = np.random.default_rng([plan.seed, 4, number])
    altitude, turn = number % 3, number // 3
    middle = np.array([rng.uniform(-1.0, 1.0), rng.uniform(9.5, 13.5)])
    frames = max(1, round(plan.seconds * plan.fps))
    flight = make_flight(altitude, turn, middle, rng, scale=plan.size)
    pair = Pair(
        number=number,
        session=session_name(number, days),
        altitude=altitude,
        frames=frames,
        fps=plan.fps,
        people=(),
        plaza=plaza,
        light=make_light(number % 2, rng),
        flight=flight,
        mount=at_light(mount, shutter_s=float(rng.choice([1 / 50, 1 / 100, 1 / 200]))),
        sensors=make_sensors(flight.zoom, plan.size, rng),
        seed=plan.seed,
    )
    return pair, middle, rng


def _inhabited(
    pair: Pair, middle: np.ndarray, rng: np.random.Generator, people: list[dict[str, str]]
) -> Pair:
    looks = [
        make_look(person, np.random.default_rng([pair.seed, 5, pair.number, i]))
        for i, person in enumerate(people)
    ]
    walks = _walks(pair, looks, middle, rng)
    inhabitants = [
        Person(i, person, look, walk, float(rng.random()))
        for i, (person, look, walk) in enumerate(zip(people, looks, walks, strict=True))
    ]
    return replace(pair, people=tuple(inhabitants))


def _walks(pair: Pair, looks: list[Look], middle: np.ndarray, rng: np.random.Generator) -> list[Walk]:
    """A walk for each person that both cameras see and that collides with nobody; some walk side by side."""
    seconds = pair.frames / pair.fps
    camera = cache(pair.camera)  # all tried walks are evaluated at the same few moments
    walks: list[Walk] = []
    for number, look in enumerate(looks):
        best: tuple[float, Walk] | None = None
        for attempt in range(TRIES):
            if walks and attempt < 4 and number % 4 == 3:
                walk = walks[-1].beside(float(rng.choice([-1, 1])) * rng.uniform(0.68, 0.85))
            else:
                walk = _walk(pair, middle, seconds, rng, hurried=look.child)
            clear = far_enough(walk, walks)
            seen = min(_seen(partial(camera, platform), pair, look, walk) for platform in PLATFORMS)
            # Sufficient: three sightings per camera, or as many as a short video allows.
            score = min(seen, 3) + (0.0 if clear else -1.5)
            if best is None or score > best[0]:
                best = (score, walk)
            if clear and seen >= min(3, seconds / 2):
                break
        assert best is not None
        walks.append(best[1])
    return walks


def _walk(pair: Pair, middle: np.ndarray, seconds: float, rng: np.random.Generator, *, hurried: bool) -> Walk:
    """From one side, through the middle of the plaza, to another side."""
    spot = middle + rng.normal(0, [1.8, 2.6])
    angle = rng.uniform(0, 2 * np.pi)
    turn = angle + np.pi + rng.normal(0, 0.7)
    towards = [np.array([np.cos(a), np.sin(a)]) for a in (angle, turn)]
    ends = [spot + rng.uniform(17, 27) * way for way in towards]
    if rng.random() < 0.3:  # the wall has a door, and its users come very close to the camera
        ends[1] = pair.mount.eye[:2] + np.array([rng.normal(0, 1.3), 1.0])
    bends = [spot + rng.uniform(5, 10) * way + rng.normal(0, 1.5, 2) for way in towards]
    errand = spot + rng.normal(0, [3.2, 4.0])  # nobody crosses a campus in a straight line
    stops = [ends[0], bends[0], errand, spot, bends[1], ends[1]]
    speed = rng.uniform(0.85, 1.5) * (1.1 if hurried else 1.0)
    halt = rng.uniform(4, 30) if rng.random() < 0.65 else 0.0  # waiting, talking, looking at a phone
    return make_walk(
        [(float(x), float(y)) for x, y in stops],
        speed=float(speed),
        halt_s=float(halt),
        meet_s=float(rng.uniform(0.08, 0.92) * seconds),
        around=pair.plaza.obstacles,
    )


def _seen(camera_at: Callable[[float], Camera], pair: Pair, look: Look, walk: Walk) -> float:
    """Seconds for which the whole person is in the camera's frame."""
    last = (pair.frames - 1) / pair.fps
    times = np.arange(max(0.0, np.ceil(walk.start_s * 2) / 2), min(last, walk.end_s) + 1e-9, 0.5)
    count = 0
    for time_s in times:
        state = walk.at(float(time_s))
        if state is not None:
            camera = camera_at(float(time_s))
            ends = np.array([[state.x, state.y, 0.02], [state.x, state.y, look.height_m]])
            pixels, depth = camera.project(ends)
            inside = (pixels > 0).all() and (pixels < [camera.width, camera.height]).all()
            count += bool(inside and (depth > 1).all())
    return count / 2
