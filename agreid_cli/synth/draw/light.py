"""The light of a session: sun, sky and light reflected by the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: A display emits v ** 2.2 for value v; one power law everywhere keeps light and colour separable.
GAMMA = 2.2


@dataclass(frozen=True)
class Light:
    """Angles in radians: `azimuth` of the sun counter-clockwise from east, `elevation` above the horizon.

    cloud 0: clear sky with hard shadows, 1: overcast with none; warmth −1..1 from blue to golden sunlight;
    exposure: brightness of the image, 1 is normal.
    """

    azimuth_rad: float = 0.9
    elevation_rad: float = 0.9
    cloud: float = 0.2
    warmth: float = 0.1
    exposure: float = 1.0

    @property
    def towards_sun(self) -> np.ndarray:
        """Unit vector (3,)."""
        flat = np.cos(self.elevation_rad)
        return np.array(
            [flat * np.cos(self.azimuth_rad), flat * np.sin(self.azimuth_rad), np.sin(self.elevation_rad)]
        )

    @property
    def sun(self) -> np.ndarray:
        """Sunlight on a surface facing the sun, linear (red, green, blue)."""
        tint = np.array([1 + 0.14 * self.warmth, 1.0, 1 - 0.22 * self.warmth])
        return 1.25 * (1 - 0.88 * self.cloud) * self.exposure * tint

    @property
    def sky(self) -> np.ndarray:
        """Light on a surface facing straight up, without the sun."""
        tint = np.array([0.92, 1.0, 1.12]) * (1 - self.cloud) + np.array([1.0, 1.0, 1.0]) * self.cloud
        return (0.36 + 0.5 * self.cloud) * self.exposure * tint

    @property
    def bounce(self) -> np.ndarray:
        """Light on a surface facing straight down."""
        flat = self.sun * max(self.towards_sun[2], 0.0) + self.sky
        return np.asarray(0.24 * flat * np.array([1.0, 0.97, 0.9]))

    @property
    def on_ground(self) -> np.ndarray:
        """Light on open, level ground (red, green, blue)."""
        return np.asarray(self.sun * max(self.towards_sun[2], 0.0) + self.sky)


def linear(colour: np.ndarray | tuple[float, float, float]) -> np.ndarray:
    """Display colour 0..1 as light 0..1."""
    return np.asarray(colour, np.float64) ** GAMMA


_ROOT = ((np.arange(4097) / 4096) ** (2 / GAMMA) * 255 + 0.5).astype(np.uint8)


def to_screen(light: np.ndarray) -> np.ndarray:
    """Light 0..1 (clipped) as uint8; a table of the square root gives fine steps in dark areas."""
    root = np.sqrt(np.clip(light, 0.0, 1.0))
    return np.asarray(_ROOT[(root * 4096 + 0.5).astype(np.int32)])
