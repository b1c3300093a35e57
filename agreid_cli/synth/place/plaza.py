"""The place and the weather: objects, and the light and camera settings of a session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agreid_cli.synth.draw.light import Light
from agreid_cli.synth.draw.sensor import Sensor
from agreid_cli.synth.place.ground import Ground
from agreid_cli.synth.place.occluders import Kind, Occluder

#: Radius around which people walk, metres, for an occluder of size 1.
_RADIUS: dict[str, float] = {
    "tree": 0.35, "lamp": 0.15, "bench": 1.0, "wall": 1.7, "planter": 0.8, "bin": 0.35,
}  # fmt: skip
#: kind, x, y, heading in degrees, size: between the wall camera and the middle, and around the middle.
_LAYOUT: tuple[tuple[Kind, float, float, float, float], ...] = (
    ("planter", -1.6, 5.2, 0, 1.0), ("bin", 1.9, 6.3, 0, 1.0), ("lamp", 0.9, 8.4, 0, 1.0),
    ("bench", 3.4, 9.2, 80, 1.0), ("tree", -4.3, 9.6, 0, 1.0), ("planter", -2.9, 13.6, 30, 1.1),
    ("wall", 4.6, 14.8, 60, 1.0), ("tree", 3.1, 17.6, 0, 1.15), ("bench", -4.6, 17.0, -40, 1.0),
    ("lamp", -6.6, 13.2, 0, 1.0), ("tree", -8.4, 19.5, 0, 1.2), ("tree", 8.2, 11.0, 0, 0.9),
    ("planter", 0.6, 19.8, 0, 1.0), ("bin", -1.2, 16.4, 0, 1.0), ("tree", 0.2, 27.0, 0, 1.3),
    ("wall", -9.5, 8.5, 90, 1.2), ("lamp", 7.4, 20.5, 0, 1.0), ("tree", -14.0, 12.0, 0, 1.1),
    ("tree", 14.5, 17.0, 0, 1.2), ("bench", 10.2, 15.0, 10, 1.0),
)  # fmt: skip


@dataclass(frozen=True)
class Plaza:
    """The static part of the campus. obstacles: x, y, radius in metres of what people walk around."""

    ground: Ground
    occluders: tuple[Occluder, ...]

    @property
    def obstacles(self) -> tuple[tuple[float, float, float], ...]:
        return tuple((o.x, o.y, _RADIUS[o.kind] * o.size) for o in self.occluders)


def make_plaza(rng: np.random.Generator) -> Plaza:
    """The layout with random offsets, so that campuses of two seeds differ."""
    ground = Ground(seed=int(rng.integers(2**31)))
    mirrored = -1 if rng.random() < 0.5 else 1
    occluders = []
    for kind, x, y, heading, size in _LAYOUT:
        dx, dy, turn, grown = rng.normal(0, [0.5, 0.5, 0.15, 0.07])
        place = (float(mirrored * x + dx), float(y + dy), float(np.deg2rad(mirrored * heading) + turn))
        occluders.append(Occluder(kind, *place, float(size * (1 + grown)), int(rng.integers(2**31))))
    return Plaza(ground, tuple(occluders))


def make_light(afternoon: int, rng: np.random.Generator) -> Light:
    """Morning sun from the east, afternoon sun from the west; one day in three is overcast."""
    cloud = float(rng.uniform(0.75, 1.0) if rng.random() < 0.35 else rng.uniform(0.05, 0.45))
    azimuth = rng.uniform(np.deg2rad(150), np.deg2rad(215)) if afternoon else rng.uniform(-0.6, 0.6)
    return Light(
        azimuth_rad=float(azimuth),
        elevation_rad=float(np.deg2rad(rng.uniform(22, 68))),
        cloud=cloud,
        warmth=float(rng.uniform(-0.4, 0.9)),
        exposure=float(rng.uniform(0.85, 1.15)),
    )


def make_sensors(zoom: float, scale: float, rng: np.random.Generator) -> dict[str, Sensor]:
    """Settings of the two cameras on this day: each has its own white balance, contrast and colour."""

    def gains(spread: float) -> tuple[float, float, float]:
        cast, level = rng.normal(0, spread), rng.normal(0, 0.08)
        tint = rng.normal(0, spread / 3)
        blue, green, red = np.clip(np.exp([level - cast, level + tint, level + cast]), 0.6, 1.6)
        return float(blue), float(green), float(red)

    def soft(blur_px: float) -> float:
        """A smaller frame is as sharp as a downscaled large one, not as soft as the large one."""
        return 0.35 + (blur_px - 0.35) * scale

    uav = Sensor(
        gains=gains(0.05),
        gamma=float(rng.uniform(0.9, 1.12)),
        saturation=float(rng.uniform(0.85, 1.15)),
        blur_px=soft(float(0.6 + 0.45 * (zoom - 1))),
        noise=float(rng.uniform(1.5, 3.5)),
        chroma=0.4,
        quality=int(rng.integers(72, 86)),
    )
    cctv = Sensor(
        gains=gains(0.1),
        gamma=float(rng.uniform(0.8, 1.3)),
        saturation=float(rng.uniform(0.5, 0.95)),
        blur_px=soft(float(rng.uniform(0.8, 1.2))),
        noise=float(rng.uniform(3.0, 6.5)),
        chroma=0.8,
        quality=int(rng.integers(38, 60)),
    )
    return {"uav": uav, "cctv": cctv}
