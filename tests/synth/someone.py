"""People and cameras for the tests of the campus."""

from __future__ import annotations

import numpy as np

from agreid_cli.synth.draw.camera import Camera, look_at
from agreid_cli.synth.people.look import Look, make_look

#: A student with nothing special; tests change one label at a time.
PLAIN = {
    "gender": "Male", "age": "18-24", "height": "Medium", "weight": "Medium", "ethnic": "White",
    "haircolor": "Brown", "hairstyle": "Short", "beard": "No", "moustache": "No", "glasses": "No",
    "head": "Unknown", "upper": "T-shirt", "lower": "Jeans", "feet": "Sport_shoe", "bag": "Nothing",
}  # fmt: skip


def someone(seed: int = 0, **labels: str) -> Look:
    """A plain student but for `labels`; the same seed is the same person otherwise."""
    return make_look({**PLAIN, **labels}, np.random.default_rng(seed))


def facing(*, distance_m: float = 6.0, high_m: float = 2.0, pixels_a_metre: float = 90.0) -> Camera:
    """A camera to the east that looks at a person who stands at the origin."""
    size = (int(1.5 * pixels_a_metre), int(2.3 * pixels_a_metre))
    eye, target = np.array([distance_m, 0.0, high_m]), np.array([0.0, 0.0, 0.9])
    return look_at(eye, target, focal_px=pixels_a_metre * distance_m, size=size)
