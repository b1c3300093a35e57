"""Bodies as lofts: rings of points along a limb, joined by triangles.

Every limb, garment, shoe and bag is a stack of rings; a ring has a centre, two axes and its extent
along them. All rings of one figure are computed at once, so that numpy is fast enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

#: Corners of a ring, evenly spaced, from straight behind over the left side back to straight behind.
SIDES = 16
ANGLE = np.linspace(-np.pi, np.pi, SIDES + 1)  # 0: straight ahead
_SIN, _COS = np.sin(ANGLE), np.cos(ANGLE)
_SIN[[0, -1]], _COS[[0, -1]] = 0.0, -1.0


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles with the data for shading. n vertices, f triangles.

    `rest` are metres (left, front, up) in the figure's rest pose: patterns are defined there, so they
    move with the limb. `part` and `paint` are one number per triangle.
    """

    points: np.ndarray  # float64 (n, 3)
    normals: np.ndarray  # float64 (n, 3), unit
    rest: np.ndarray  # float64 (n, 3)
    faces: np.ndarray  # int32 (f, 3), counter-clockwise seen from outside
    part: np.ndarray  # uint8 (f,)
    paint: np.ndarray  # uint8 (f,)


class Lofts:
    """Collects lofts and merges them into one mesh."""

    def __init__(self) -> None:
        self._counts: list[int] = []
        self._rings: list[np.ndarray] = []
        self._shape: list[np.ndarray] = []
        self._labels: list[tuple[int, int]] = []

    def add(
        self,
        centres: np.ndarray,
        left: np.ndarray,
        front: np.ndarray,
        *,
        wide: np.ndarray,
        deep: np.ndarray,
        back: np.ndarray | None = None,
        square: float | np.ndarray = 1.0,
        rest: np.ndarray,
        part: int,
        paint: int,
        scale: np.ndarray | None = None,
    ) -> None:
        """One loft of n rings.

        centres (n, 3); left, front (n, 3) or (3,) unit axes; wide, deep, back (n,) half sizes to the sides,
        to the front and (default: deep) to the back; square: 1 is an ellipse, towards 0 a box; rest (n, 3)
        the centres in the rest pose; scale (n, SIDES + 1) stretches single corners.
        """
        n = len(centres)
        rings = np.empty((n, 16))
        rings[:, 0:3], rings[:, 3:6], rings[:, 6:9], rings[:, 9:12] = centres, left, front, rest
        rings[:, 12], rings[:, 13], rings[:, 15] = wide, deep, square
        rings[:, 14] = deep if back is None else back
        self._counts.append(n)
        self._rings.append(rings)
        self._shape.append(np.ones((n, SIDES + 1)) if scale is None else scale)
        self._labels.append((part, paint))

    def mesh(self) -> Mesh:
        rings = np.concatenate(self._rings)
        centres, left, front, rest, sizes = (rings[:, at : at + 3] for at in (0, 3, 6, 9, 12))
        square = rings[:, 15:]
        scale = np.concatenate(self._shape)
        across = np.sign(_SIN) * np.abs(_SIN) ** square * sizes[:, :1] * scale
        ahead = (
            np.sign(_COS) * np.abs(_COS) ** square * np.where(_COS > 0, sizes[:, 1:2], sizes[:, 2:3]) * scale
        )
        points = centres[:, None] + across[..., None] * left[:, None] + ahead[..., None] * front[:, None]
        before, after, faces, of_loft = _topology(tuple(self._counts))
        normals = _normals(points, before, after)
        quiet = np.repeat(rest[:, None], SIDES + 1, axis=1)
        quiet[..., 0] += across
        quiet[..., 1] += ahead
        labels = np.array(self._labels, np.uint8)[of_loft]
        return Mesh(
            points.reshape(-1, 3),
            normals.reshape(-1, 3),
            quiet.reshape(-1, 3),
            faces,
            labels[:, 0],
            labels[:, 1],
        )


def _normals(points: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Unit normals of (rings, SIDES + 1, 3) points: across the ring × along the loft."""
    around = np.empty_like(points)
    around[:, 1:-1] = points[:, 2:] - points[:, :-2]
    around[:, 0] = points[:, 1] - points[:, -2]
    around[:, -1] = around[:, 0]
    along = points[after] - points[before]
    normals = np.empty_like(points)
    ax, ay, az = around[..., 0], around[..., 1], around[..., 2]
    bx, by, bz = along[..., 0], along[..., 1], along[..., 2]
    normals[..., 0] = ay * bz - az * by
    normals[..., 1] = az * bx - ax * bz
    normals[..., 2] = ax * by - ay * bx
    nx, ny, nz = normals[..., 0], normals[..., 1], normals[..., 2]
    normals /= np.sqrt(nx * nx + ny * ny + nz * nz + 1e-24)[..., None]
    return normals


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a × b for (n, 3) or (3,) each; numpy's own is much slower for small arrays."""
    out = np.empty(np.broadcast_shapes(a.shape, b.shape))
    out[..., 0] = a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]
    out[..., 1] = a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2]
    out[..., 2] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return out


@lru_cache(maxsize=256)
def _topology(counts: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Ring before and after each ring, the triangles, and the loft of each triangle."""
    before, after, faces, loft = [], [], [], []
    start, width = 0, SIDES + 1
    column = np.arange(SIDES)
    for number, count in enumerate(counts):
        rings = np.arange(start, start + count)
        before.append(np.maximum(rings - 1, start))
        after.append(np.minimum(rings + 1, start + count - 1))
        a = (rings[:-1, None] * width + column).ravel()
        b, c, d = a + 1, a + width + 1, a + width
        faces.append(np.stack([np.stack([a, b, c], 1), np.stack([a, c, d], 1)], 1).reshape(-1, 3))
        loft.append(np.full(2 * len(a), number))
        start += count
    made = (np.concatenate(before), np.concatenate(after), np.concatenate(faces).astype(np.int32))
    result = (*made, np.concatenate(loft))
    for array in result:
        array.flags.writeable = False
    return result


def join(meshes: list[Mesh]) -> Mesh:
    """Merge meshes."""
    starts = np.cumsum([0, *(len(mesh.points) for mesh in meshes[:-1])])
    return Mesh(
        np.concatenate([mesh.points for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate([mesh.rest for mesh in meshes]),
        np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=True)]).astype(
            np.int32
        ),
        np.concatenate([mesh.part for mesh in meshes]),
        np.concatenate([mesh.paint for mesh in meshes]),
    )


def placed(mesh: Mesh, x: float, y: float, heading_rad: float) -> Mesh:
    """The mesh rotated about the vertical (heading 0: facing east) and moved to (x, y)."""
    cos, sin = np.cos(heading_rad), np.sin(heading_rad)
    points, normals = np.empty_like(mesh.points), np.empty_like(mesh.normals)
    for out, given in ((points, mesh.points), (normals, mesh.normals)):
        out[:, 0] = cos * given[:, 0] - sin * given[:, 1]
        out[:, 1] = sin * given[:, 0] + cos * given[:, 1]
        out[:, 2] = given[:, 2]
    points[:, 0] += x
    points[:, 1] += y
    return Mesh(points, normals, mesh.rest, mesh.faces, mesh.part, mesh.paint)
