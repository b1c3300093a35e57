"""Rasterise triangles into image samples.

Triangles become rows of samples, rows become samples, for all triangles of a figure at once; only samples
in a triangle, plus or minus one at each end of a row, are processed. Everything is computed from a
sample's own position in the whole frame and without BLAS, so that a window equals that part of the full
frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agreid_cli.synth.draw.camera import Camera, Window

NEAR_M = 0.25


@dataclass(frozen=True, eq=False)
class Samples:
    """k covered samples. `at`: row-major index in the window's grid of samples, int64."""

    at: np.ndarray
    nearness: np.ndarray  # float32 (k,), 1 / depth in metres
    face: np.ndarray  # int32 (k,)
    second: np.ndarray  # float64 (k,), image-space barycentric weights of the second and third corner
    third: np.ndarray

    def only(self, keep: np.ndarray) -> Samples:
        return Samples(
            *(
                np.take(values, keep)
                for values in (self.at, self.nearness, self.face, self.second, self.third)
            )
        )

    def mix(self, values: np.ndarray, faces: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """Interpolate values (n, c) at the corners to the samples, (k, c), float32, perspective-correct."""
        a, b, c = (np.take(corner, self.face) for corner in faces.T)
        wb, wc = self.second / np.take(depth, b), self.third / np.take(depth, c)
        wa = (1.0 - self.second - self.third) / np.take(depth, a)
        whole = 1.0 / (wa + wb + wc)
        # Each row of `planes` is one value of all corners, so that the inner loops run over the many samples
        # and not over the few values.
        planes = np.ascontiguousarray(values.T, dtype=np.float32)
        mixed = np.take(planes, a, axis=1)
        mixed *= (wa * whole).astype(np.float32)
        for corner, weight in ((b, wb), (c, wc)):
            own = np.take(planes, corner, axis=1)
            own *= (weight * whole).astype(np.float32)
            mixed += own
        return mixed.T


def project(points: np.ndarray, camera: Camera) -> np.ndarray:
    """World points (n, 3) to x, y in pixels and depth in metres, float64 (n, 3)."""
    R, t, K = camera.R, camera.t, camera.K
    X, Y, Z = points[:, 0], points[:, 1], points[:, 2]
    right, down, depth = (R[i, 0] * X + R[i, 1] * Y + R[i, 2] * Z + t[i] for i in range(3))
    safe = np.where(depth > 1e-6, depth, 1e-6)
    out = np.empty((len(points), 3))
    out[:, 0] = (K[0, 0] * right + K[0, 1] * down) / safe + K[0, 2]
    out[:, 1] = K[1, 1] * down / safe + K[1, 2]
    out[:, 2] = depth
    return out


def touches(seen: np.ndarray, window: Window) -> bool:
    """Whether the bounding box of projected points may overlap the window; points behind the camera count."""
    if (seen[:, 2] < NEAR_M).any():
        return bool((seen[:, 2] > NEAR_M).any())
    x, y = seen[:, 0], seen[:, 1]
    return bool(x.min() < window[2] and x.max() > window[0] and y.min() < window[3] and y.max() > window[1])


def cover(
    seen: np.ndarray, faces: np.ndarray, *, window: Window, supersample: int, stride: int = 1
) -> Samples:
    """The samples inside the triangles that face the camera; `seen` as returned by `project`.

    A pixel has supersample² samples, sample i of a row at (i + ½) / supersample. With stride = supersample
    only the first of each pixel is processed.
    """
    per_pixel = supersample // stride
    x0, y0, x1, y1 = (edge * per_pixel for edge in window)
    X = (seen[:, 0] * supersample - 0.5) / stride  # the processed samples are at integers
    Y = (seen[:, 1] * supersample - 0.5) / stride
    a, b, c = faces[:, 0], faces[:, 1], faces[:, 2]
    ax, ay, bx, by = X[b] - X[a], Y[b] - Y[a], X[c] - X[a], Y[c] - Y[a]
    area = by * ax - ay * bx
    low, high = _least(Y[a], Y[b], Y[c]), _most(Y[a], Y[b], Y[c])
    first_y, last_y = np.maximum(np.ceil(low), y0), np.minimum(np.floor(high), y1 - 1)
    left, right = _least(X[a], X[b], X[c]), _most(X[a], X[b], X[c])
    depth = seen[:, 2]
    # Image y points down, so counter-clockwise in the world is clockwise here: negative area.
    use = (last_y >= first_y) & (area < -1e-12) & (np.floor(right) >= np.ceil(left))
    use &= (right >= x0) & (left <= x1 - 1)
    if depth.min() <= NEAR_M:
        use &= _least(depth[a], depth[b], depth[c]) > NEAR_M
    face = np.flatnonzero(use).astype(np.int32)

    # Rows of triangles. Barycentric weights are linear along a row: slope · (x − corner) + height.
    rows = (last_y[face] - first_y[face]).astype(np.int64) + 1
    tri = np.repeat(face, rows)
    y = np.arange(len(tri)) - np.repeat(np.cumsum(rows) - rows - first_y[face].astype(np.int64), rows)
    inverse = 1.0 / area[tri]
    slope1, slope2 = by[tri] * inverse, -ay[tri] * inverse
    away = y - Y[a[tri]]
    height1, height2 = -away * bx[tri] * inverse, away * ax[tri] * inverse
    corner = X[a[tri]]
    start, end = left[tri] - corner, right[tri] - corner
    for slope, height in (
        (slope1, height1), (slope2, height2), (-slope1 - slope2, 1.0 - height1 - height2)
    ):  # fmt: skip
        with np.errstate(divide="ignore", invalid="ignore"):
            bound = -height / slope
        np.maximum(start, np.where(slope > 1e-9, bound, start), out=start)
        np.minimum(end, np.where(slope < -1e-9, bound, end), out=end)
    first = np.ceil(corner + start - 1e-3)  # slightly too wide; the exact test follows
    last = np.minimum(np.floor(corner + end + 1e-3), x1 - 1)
    share1, share2 = slope1 * (first - corner) + height1, slope2 * (first - corner) + height2
    skip = np.maximum(x0 - first, 0)  # clipped by the window; weights still count from the row's own start
    counts = np.maximum(last - first - skip + 1, 0).astype(np.int64)

    # Samples of rows.
    step = np.arange(int(counts.sum())) - np.repeat(
        np.cumsum(counts) - counts - skip.astype(np.int64), counts
    )
    second = np.repeat(share1, counts) + np.repeat(slope1, counts) * step
    third = np.repeat(share2, counts) + np.repeat(slope2, counts) * step
    hit = np.flatnonzero((second >= 0) & (third >= 0) & (second + third <= 1.0))
    take = np.take  # quicker than indexing for long arrays
    row = take(np.repeat(np.arange(len(counts), dtype=np.int32), counts), hit)
    second, third, step = take(second, hit), take(third, hit), take(step, hit)
    near = 1.0 / np.maximum(depth, 1e-6)
    base, rise1, rise2 = near[a[tri]], near[b[tri]] - near[a[tri]], near[c[tri]] - near[a[tri]]
    nearness = take(base, row) + second * take(rise1, row) + third * take(rise2, row)
    wide = (x1 - x0) * stride
    origin = (y - y0) * stride * wide + (first.astype(np.int64) - x0) * stride
    at = take(origin, row) + step * stride
    return Samples(at, nearness.astype(np.float32), take(tri, row), second, third)


def _least(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    return np.asarray(np.minimum(np.minimum(a, b), c))


def _most(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum(np.maximum(a, b), c))
