"""From triangles to the samples of a picture they cover.

Only samples that a triangle might cover are ever looked at, all triangles of a figure at once. Everything is
computed a sample from its own place in the whole frame, so that a window gets what the full frame gets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agreid_cli.synth.camera import Camera, Window

NEAR_M = 0.25


@dataclass(frozen=True, eq=False)
class Samples:
    """k covered samples. `at`: row-major index in the window's grid of samples, int64."""

    at: np.ndarray
    nearness: np.ndarray  # float32 (k,), 1 / depth in metres
    face: np.ndarray  # int32 (k,)
    weights: np.ndarray  # float64 (k, 3): perspective-correct shares of the three corners

    def only(self, keep: np.ndarray) -> Samples:
        return Samples(self.at[keep], self.nearness[keep], self.face[keep], self.weights[keep])


def project(points: np.ndarray, camera: Camera) -> np.ndarray:
    """(n, 3) of the world to x, y in pixels and depth in metres, float64 (n, 3).

    Without BLAS, so that a point comes out the same in any batch.
    """
    R, t, K = camera.R, camera.t, camera.K
    X, Y, Z = points[:, 0], points[:, 1], points[:, 2]
    seen = [R[i, 0] * X + R[i, 1] * Y + R[i, 2] * Z + t[i] for i in range(3)]
    depth = seen[2]
    safe = np.where(depth > 1e-6, depth, 1e-6)
    out = np.empty((len(points), 3))
    out[:, 0] = (K[0, 0] * seen[0] + K[0, 1] * seen[1]) / safe + K[0, 2]
    out[:, 1] = K[1, 1] * seen[1] / safe + K[1, 2]
    out[:, 2] = depth
    return out


def cover(seen: np.ndarray, faces: np.ndarray, *, window: Window, supersample: int) -> Samples:
    """The samples inside the triangles that face the camera; seen as `project` gives it."""
    x0, y0, x1, y1 = (edge * supersample for edge in window)
    X = seen[:, 0] * supersample - 0.5  # sample i of a row lies at i
    Y = seen[:, 1] * supersample - 0.5
    corners_x, corners_y, depth = X[faces], Y[faces], seen[:, 2][faces]
    first_x, last_x = np.ceil(corners_x.min(1)), np.floor(corners_x.max(1))
    first_y, last_y = np.ceil(corners_y.min(1)), np.floor(corners_y.max(1))
    ax, ay = corners_x[:, 1] - corners_x[:, 0], corners_y[:, 1] - corners_y[:, 0]
    bx, by = corners_x[:, 2] - corners_x[:, 0], corners_y[:, 2] - corners_y[:, 0]
    area = by * ax - ay * bx
    np.maximum(first_x, x0, out=first_x)
    np.maximum(first_y, y0, out=first_y)
    np.minimum(last_x, x1 - 1, out=last_x)
    np.minimum(last_y, y1 - 1, out=last_y)
    # Image y points down, so what runs counter-clockwise in the world runs clockwise here: negative area.
    use = (last_x >= first_x) & (last_y >= first_y) & (area < -1e-12) & (depth.min(1) > NEAR_M)
    face = np.flatnonzero(use).astype(np.int32)
    first_x, first_y = first_x[face].astype(np.int64), first_y[face].astype(np.int64)
    across = last_x[face].astype(np.int64) - first_x + 1
    counts = across * (last_y[face].astype(np.int64) - first_y + 1)
    total = int(counts.sum())
    owner = np.repeat(np.arange(len(face), dtype=np.int32), counts)
    inside = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    row, column = np.divmod(inside, across[owner])
    px, py = first_x[owner] + column, first_y[owner] + row
    # Shares of corners 1 and 2, linear in the picture; corner 0 has the rest.
    inverse = 1.0 / area[face]
    dx, dy = px - corners_x[face, 0][owner], py - corners_y[face, 0][owner]
    share1 = dx * (by[face] * inverse)[owner] - dy * (bx[face] * inverse)[owner]
    share2 = dy * (ax[face] * inverse)[owner] - dx * (ay[face] * inverse)[owner]
    share0 = 1.0 - share1 - share2
    hit = np.flatnonzero((share0 >= 0) & (share1 >= 0) & (share2 >= 0))
    owner = owner[hit]
    near = 1.0 / depth[face]
    weights = np.stack([share0[hit], share1[hit], share2[hit]], axis=1) * near[owner]
    nearness = weights[:, 0] + weights[:, 1] + weights[:, 2]
    weights /= nearness[:, None]
    at = (py[hit] - y0) * (x1 - x0) + (px[hit] - x0)
    return Samples(at, nearness.astype(np.float32), face[owner], weights)
