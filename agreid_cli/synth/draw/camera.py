"""A pinhole camera: from world metres to image pixels.

World: x east, y north, z up, the ground at z = 0. Camera: x right, y down, z into the image. Pixels: x
right, y down; the centre of the first pixel is at (0.5, 0.5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Window = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Camera:
    """K: 3×3, focal length and principal point in pixels. R: 3×3, world to camera. t: (3,), metres.

    A world point X has camera coordinates R X + t.
    """

    K: np.ndarray
    R: np.ndarray
    t: np.ndarray
    width: int
    height: int

    @property
    def centre(self) -> np.ndarray:
        """Position of the camera in the world, (3,), metres."""
        return np.asarray(-self.R.T @ self.t)

    @property
    def focal_px(self) -> float:
        return float(self.K[0, 0])

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels float64 (n, 2) and depth along the axis (n,), metres; points at depth ≤ 0 are behind."""
        seen = np.asarray(points, np.float64) @ self.R.T + self.t
        depth = seen[:, 2]
        safe = np.where(np.abs(depth) < 1e-9, 1e-9, depth)
        return (seen @ self.K.T)[:, :2] / safe[:, None], depth

    def rays(self, window: Window) -> np.ndarray:
        """Unit directions in the world, float32 (h, w, 3), for the pixel centres of (x0, y0, x1, y1)."""
        x0, y0, x1, y1 = window
        step = self.R.T @ np.linalg.inv(self.K)  # pixel (u, v, 1) to a direction in the world
        across = (np.arange(x0, x1) + 0.5)[:, None] * step[:, 0]
        down = (np.arange(y0, y1) + 0.5)[:, None] * step[:, 1] + step[:, 2]
        rays = (across[None] + down[:, None]).astype(np.float32)
        rays /= np.sqrt(np.einsum("hwc,hwc->hw", rays, rays))[..., None]
        return np.asarray(rays)


def look_at(
    eye: np.ndarray, target: np.ndarray, *, focal_px: float, size: tuple[int, int], roll_rad: float = 0.0
) -> Camera:
    """A camera at `eye` with `target` in the middle of the picture; size: width, height in pixels.

    >>> camera = look_at(np.array([0, 0, 10.0]), np.array([0, 10.0, 0]), focal_px=100, size=(64, 48))
    >>> camera.project(np.array([[0, 10.0, 0]]))[0].tolist()
    [[32.0, 24.0]]
    """
    forward = np.asarray(target, np.float64) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    if np.linalg.norm(right) < 1e-9:  # straight down: let north be up in the picture
        right = np.array([1.0, 0.0, 0.0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    cos, sin = np.cos(roll_rad), np.sin(roll_rad)
    R = np.stack([cos * right + sin * down, -sin * right + cos * down, forward])
    K = np.array([[focal_px, 0.0, size[0] / 2], [0.0, focal_px, size[1] / 2], [0.0, 0.0, 1.0]])
    return Camera(K=K, R=R, t=-R @ eye, width=size[0], height=size[1])
