"""The two cameras of a session: a drone at constant height with small motions, and a fixed one on a wall.

The paper states "a 24 mm lens" and crops of 31×59 to 371×678 pixels from 15 to 45 m. 24 mm on full frame is
a focal length of 2560 pixels at a width of 3840: at 45 m that gives the smallest crops, but at 15 m at most
240 pixels. The paper's drone (DJI XT2) has digital zoom, so flights here use a zoom, which also softens the
image.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from agreid_cli.synth.draw.camera import Camera, look_at

LENS_MM, FULL_FRAME_MM = 24.0, 36.0
UAV_SIZE, CCTV_SIZE = (3840, 2160), (704, 480)
#: Metres above the ground of the altitude classes 0, 1, 2.
ALTITUDES_M = (15.0, 30.0, 45.0)
#: Zooms of the flights of a class, used in turn.
_ZOOMS = ((1.0, 2.8, 1.5, 2.0), (2.0, 1.0, 3.2, 1.4), (1.3, 2.6, 1.0, 1.8))
_FOCAL_CCTV_PX = 800.0


@dataclass(frozen=True, eq=False)
class Flight:
    """A hovering drone. Sways are (amplitude, period in seconds, phase) of sines that are added.

    `eye` and `target` are metres; `sway` moves the eye, `wander` the target point, `shake` rotates the
    image (radians). `shutter_s` is the exposure time of a frame.
    """

    eye: np.ndarray
    target: np.ndarray
    zoom: float
    size: tuple[int, int]
    shutter_s: float
    sway: np.ndarray  # (3, n, 3)
    wander: np.ndarray  # (2, n, 3)
    shake: np.ndarray  # (3, n, 3): across, up, roll

    @property
    def focal_px(self) -> float:
        return LENS_MM / FULL_FRAME_MM * self.size[0] * self.zoom

    def camera(self, time_s: float) -> Camera:
        eye = self.eye + _sum(self.sway, time_s)
        target = self.target + np.append(_sum(self.wander, time_s), 0.0)
        across, up, roll = _sum(self.shake, time_s)
        ahead = target - eye
        far = np.linalg.norm(ahead)
        side = np.cross(ahead, [0, 0, 1.0])
        side /= np.linalg.norm(side)
        target = target + far * (across * side + up * np.cross(side, ahead / far))
        return look_at(eye, target, focal_px=self.focal_px, size=self.size, roll_rad=roll)


@dataclass(frozen=True, eq=False)
class Mount:
    """A fixed camera on a wall."""

    eye: np.ndarray
    target: np.ndarray
    size: tuple[int, int]
    focal_px: float
    shutter_s: float
    roll_rad: float

    def camera(self, time_s: float) -> Camera:
        return look_at(self.eye, self.target, focal_px=self.focal_px, size=self.size, roll_rad=self.roll_rad)


def make_flight(
    altitude: int, turn: int, target: np.ndarray, rng: np.random.Generator, *, scale: float
) -> Flight:
    """altitude: class 0, 1, 2. turn: index of the flight within its class. scale: of the frame (`--size`)."""
    height = ALTITUDES_M[altitude] + rng.uniform(-0.8, 0.8)
    pitch = np.deg2rad(rng.uniform(36, 58))
    azimuth = rng.uniform(0, 2 * np.pi)
    away = height / np.tan(pitch)
    eye = np.array([target[0] + away * np.cos(azimuth), target[1] + away * np.sin(azimuth), height])
    zoom = _ZOOMS[altitude][turn % 4]
    footprint = away / np.sin(pitch) / zoom  # the larger the view, the less it needs to wander
    turbulence = rng.uniform(0.6, 1.6)
    return Flight(
        eye=eye,
        target=np.array([target[0], target[1], 0.6]),
        zoom=zoom,
        size=scaled(UAV_SIZE, scale),
        shutter_s=float(rng.choice([1 / 400, 1 / 200, 1 / 100])),
        sway=_sines(rng, [1.2, 1.2, 0.35], periods=(9, 31)),
        wander=_sines(rng, [2.2, 2.2] if footprint < 20 else [1.2, 1.2], periods=(17, 47)),
        shake=np.concatenate(
            [
                _sines(rng, np.deg2rad([0.12, 0.12, 0.25]) * turbulence, periods=(1.5, 5)),
                _sines(rng, np.deg2rad([0.03, 0.03, 0.04]) * turbulence / zoom, periods=(0.12, 0.5)),
            ],
            axis=1,
        ),
    )


def make_mount(rng: np.random.Generator, *, scale: float) -> Mount:
    """The campus's wall camera, looking north across the plaza."""
    return Mount(
        eye=np.array([rng.uniform(-1.5, 1.5), -1.5, rng.uniform(2.5, 2.9)]),
        target=np.array([rng.uniform(-0.8, 0.8), 8.5, 0.55]),
        size=scaled(CCTV_SIZE, scale),
        focal_px=_FOCAL_CCTV_PX * scale,
        shutter_s=1 / 50,
        roll_rad=float(np.deg2rad(rng.uniform(-1, 1))),
    )


def at_light(mount: Mount, *, shutter_s: float) -> Mount:
    """The same camera with the shutter time for the session's light."""
    return replace(mount, shutter_s=shutter_s)


def scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Even frame sizes, as required by video encoders.

    >>> scaled((3840, 2160), 0.25), scaled((704, 480), 0.37)
    ((960, 540), (260, 178))
    """
    width, height = (max(2, 2 * round(edge * scale / 2)) for edge in size)
    return width, height


def _sines(
    rng: np.random.Generator, amplitudes: list[float] | np.ndarray, *, periods: tuple[float, float]
) -> np.ndarray:
    """Three sines per axis, (axes, 3, 3), whose sum seldom exceeds the axis's amplitude."""
    waves = np.empty((len(amplitudes), 3, 3))
    waves[..., 0] = np.asarray(amplitudes)[:, None] * rng.uniform(0.25, 0.6, (len(amplitudes), 3))
    waves[..., 1] = rng.uniform(*periods, (len(amplitudes), 3))
    waves[..., 2] = rng.uniform(0, 2 * np.pi, (len(amplitudes), 3))
    return waves


def _sum(waves: np.ndarray, time_s: float) -> np.ndarray:
    return np.asarray((waves[..., 0] * np.sin(2 * np.pi * time_s / waves[..., 1] + waves[..., 2])).sum(-1))
