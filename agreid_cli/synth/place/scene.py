"""The scene at one moment, and the result of rendering it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from agreid_cli.synth.draw.light import Light
from agreid_cli.synth.people.look import Look
from agreid_cli.synth.place.ground import Ground
from agreid_cli.synth.place.occluders import Occluder


@dataclass(frozen=True)
class Placed:
    """A person at (x, y) metres walking towards `heading_rad` (0 east, counter-clockwise).

    phase: 0..1 through a stride of two steps, 0 at left heel strike; speed in m/s.
    """

    pid: int
    look: Look
    x: float
    y: float
    heading_rad: float
    phase: float
    speed: float


@dataclass(frozen=True)
class Scene:
    people: tuple[Placed, ...]
    ground: Ground
    occluders: tuple[Occluder, ...] = ()
    light: Light = field(default_factory=Light)


@dataclass(frozen=True, eq=False)
class Rendered:
    """An image with its ground truth, all with h × w pixels."""

    image: np.ndarray  # uint8 (h, w, 3), BGR
    owner: np.ndarray  # int16 (h, w), index into scene.people; −1 no person
    part: np.ndarray  # uint8 (h, w), an index of parts.PARTS; 0 where owner is −1
    depth: np.ndarray  # float32 (h, w), metres along the optical axis; infinite for ground and sky
