"""Render the scene through a camera, with exact ground truth for every pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from agreid_cli.synth.draw import raster
from agreid_cli.synth.draw.camera import Camera, Window
from agreid_cli.synth.draw.light import GAMMA, Light, to_screen
from agreid_cli.synth.draw.mesh import Mesh, placed
from agreid_cli.synth.film import shadow
from agreid_cli.synth.people import figure, paint
from agreid_cli.synth.people.body import proportions
from agreid_cli.synth.people.parts import ARMS, FEET, HANDS, LEGS
from agreid_cli.synth.place import ground, occluders
from agreid_cli.synth.place.scene import Placed, Rendered, Scene

#: Objects larger than this in the image get one sample per pixel.
_COARSE_PX = 160
_SHOWN = (np.arange(256) / 255.0) ** GAMMA
_LIMBS = np.zeros(256, bool)
_LIMBS[[LEGS, ARMS, HANDS, FEET]] = True


@dataclass(frozen=True, eq=False)
class _Seen:
    """A mesh in the image: its samples before occlusion is resolved."""

    mesh: Mesh
    depth: np.ndarray  # of its corners
    samples: raster.Samples
    person: int  # −1: an object
    coarse: bool  # one sample for each whole pixel


def render(scene: Scene, camera: Camera, window: Window | None = None, *, supersample: int = 2) -> Rendered:
    """Render the rectangle `window` (x0, y0, x1, y1; default: the whole frame) of the frame of `camera`.

    Any window has exactly the pixels of the full frame. People and objects are antialiased with
    `supersample`² samples per pixel; owner, part and depth are exactly those of the pixel's first sample,
    which for supersample 1 is its centre.
    """
    window = window or (0, 0, camera.width, camera.height)
    x0, y0, x1, y1 = window
    w, h = x1 - x0, y1 - y0
    things = (
        [shadow.of_thing(thing, scene.light) for thing in scene.occluders] if scene.light.cloud < 1 else []
    )
    image = ground.paint(scene.ground, camera, window)
    casts, seen = list(things), list[_Seen]()
    for index in _may_matter(scene.people, scene.light, camera, window):
        mesh, shade = _standing(scene.people[index], scene.light)
        casts.append(shade)
        _add(seen, mesh, index, camera, window, supersample)
    for thing in scene.occluders:
        if raster.touches(raster.project(occluders.bounds(thing), camera), window):
            _add(seen, occluders.shape(thing), -1, camera, window, supersample)
    shadow.on_ground(image, casts, scene.light, camera, window)
    return _compose(scene, image, seen, things, (w, h), supersample)


@lru_cache(maxsize=64)
def _standing(person: Placed, light: Light) -> tuple[Mesh, shadow.Cast]:
    """A person in the world, and the shadow; cached for the crops of one frame."""
    body = figure.figure(person.look, person.phase, person.speed)
    mesh = placed(body, person.x, person.y, person.heading_rad)
    return mesh, shadow.cast(mesh, light, cell_m=0.035, soft_m=0.045)


def _may_matter(people: tuple[Placed, ...], light: Light, camera: Camera, window: Window) -> list[int]:
    """The people who, or whose shadow, may be in the window, by projecting a bounding box of both."""
    if not people:
        return []
    sun = light.towards_sun
    at = np.array([(person.x, person.y, person.look.height_m + 0.9) for person in people])
    run = -sun[:2] * at[:, 2:] / max(sun[2], 0.05)
    low = np.column_stack([at[:, :2] + np.minimum(run, 0) - 1.3, np.zeros(len(at))])
    high = np.column_stack([at[:, :2] + np.maximum(run, 0) + 1.3, at[:, 2]])
    ends = np.stack([low, high])
    corners = np.array(
        [[ends[i, :, 0], ends[j, :, 1], ends[k, :, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    )
    seen = raster.project(corners.transpose(2, 0, 1).reshape(-1, 3), camera).reshape(len(at), 8, 3)
    return [index for index, box in enumerate(seen) if raster.touches(box, window)]


def _add(
    seen: list[_Seen], mesh: Mesh, person: int, camera: Camera, window: Window, supersample: int
) -> None:
    places = raster.project(mesh.points, camera)
    if not raster.touches(places, window):
        return
    size = places[:, :2].max(0) - places[:, :2].min(0)  # of the whole object, regardless of the window
    coarse = supersample > 1 and person < 0 and bool(size.max() > _COARSE_PX)
    stride = supersample if coarse else 1
    samples = raster.cover(places, mesh.faces, window=window, supersample=supersample, stride=stride)
    if person < 0 and (mesh.paint == occluders.LEAF).any():
        rest = samples.mix(mesh.rest, mesh.faces, places[:, 2])
        samples = samples.only(np.flatnonzero(occluders.solid(mesh.paint[samples.face], rest)))
    if len(samples.at):
        seen.append(_Seen(mesh, places[:, 2], samples, person, coarse))


def _compose(
    scene: Scene,
    image: np.ndarray,
    seen: list[_Seen],
    things: list[shadow.Cast],
    size: tuple[int, int],
    s: int,
) -> Rendered:
    """Resolve which sample is in front, its colour, and the pixel colours."""
    w, h = size
    # Zero arrays cost nothing until they are written, so these may be as large as the frame.
    front, top = np.zeros(h * s * w * s, np.float32), np.zeros(h * s * w * s, np.int32)
    behind, thing = np.zeros(h * w, np.float32), np.zeros(h * w, np.int32)  # of coarse things, a pixel
    taken, first_taken = np.zeros(h * w, np.uint8), np.zeros(h * w, bool)  # by finer samples in front
    drawn = _Drawn(
        np.full(h * w, -1, np.int16), np.zeros(h * w, np.uint8), np.full(h * w, np.inf, np.float32)
    )
    ordered = sorted(seen, key=lambda item: item.coarse)
    places = [_pixels(item, w, s) for item in ordered]
    for item, (pixel, _) in zip(ordered, places, strict=True):
        where = pixel if item.coarse else item.samples.at
        np.maximum.at(behind if item.coarse else front, where, item.samples.nearness)
    first = 1
    for item, (pixel, _) in zip(ordered, places, strict=True):
        depth, number, where = (behind, thing, pixel) if item.coarse else (front, top, item.samples.at)
        best = np.flatnonzero(item.samples.nearness == depth[where])
        number[where[best]] = first + best
        first += len(pixel)
    first = 1
    for item, (pixel, exact) in zip(ordered, places, strict=True):
        mine = first + np.arange(len(pixel))
        first += len(pixel)
        if item.coarse:
            kept = np.flatnonzero((thing[pixel] == mine) & (taken[pixel] < s * s))
            exact = ~first_taken[pixel[kept]]
            weight = 1.0 - taken[pixel[kept]] / (s * s)
        else:
            kept = np.flatnonzero((top[item.samples.at] == mine) & (item.samples.nearness > behind[pixel]))
            exact = exact[kept]
            np.add.at(taken, pixel[kept], np.uint8(1))
            first_taken[pixel[kept[exact]]] = True
            weight = np.full(len(kept), 1 / (s * s))
        if len(kept):
            samples = item.samples.only(kept)
            light, parts = _shade(scene, item, samples, things)
            drawn.add(pixel[kept], exact, light, weight, item.person, parts, samples.nearness)
    drawn.blend(image)
    return Rendered(image, drawn.owner.reshape(h, w), drawn.part.reshape(h, w), drawn.depth.reshape(h, w))


def _pixels(item: _Seen, w: int, s: int) -> tuple[np.ndarray, np.ndarray]:
    """The pixel of each sample, and whether it is the first of the pixel."""
    row, column = np.divmod(item.samples.at, w * s)
    return (row // s) * w + column // s, (row % s == 0) & (column % s == 0)


class _Drawn:
    """The result so far: ground truth per pixel, and light to be blended over the ground."""

    def __init__(self, owner: np.ndarray, part: np.ndarray, depth: np.ndarray) -> None:
        self.owner, self.part, self.depth = owner, part, depth
        self._light: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def add(
        self,
        pixel: np.ndarray,
        exact: np.ndarray,
        light: np.ndarray,
        weight: np.ndarray,
        person: int,
        parts: np.ndarray,
        nearness: np.ndarray,
    ) -> None:
        """Add visible samples; `exact` marks those that determine the ground truth of their pixel."""
        self._light.append((pixel, light, weight))
        self.owner[pixel[exact]] = person
        self.part[pixel[exact]] = parts[exact] if person >= 0 else 0
        self.depth[pixel[exact]] = 1.0 / nearness[exact]

    def blend(self, image: np.ndarray) -> None:
        """Blend the samples into the image; uncovered parts of a pixel show the ground."""
        flat = image.reshape(-1, 3)
        place = np.zeros(len(flat), np.int32)
        mixing = []
        for pixel, light, weight in self._light:
            whole = weight == 1.0
            flat[pixel[whole]] = to_screen(light[whole])[:, ::-1]
            if not whole.all():
                mixing.append((pixel[~whole], light[~whole], weight[~whole]))
        if not mixing:
            return
        pixel, light, weight = (np.concatenate(values) for values in zip(*mixing, strict=True))
        place[pixel] = 1
        used = np.flatnonzero(place)
        place[used] = np.arange(len(used), dtype=np.int32)
        place = place[pixel]
        mixed = _SHOWN[flat[used][:, ::-1]] * (1.0 - np.bincount(place, weight, minlength=len(used)))[:, None]
        for channel in range(3):
            mixed[:, channel] += np.bincount(place, light[:, channel] * weight, minlength=len(used))
        flat[used] = to_screen(mixed)[:, ::-1]


def _shade(
    scene: Scene, item: _Seen, samples: raster.Samples, things: list[shadow.Cast]
) -> tuple[np.ndarray, np.ndarray]:
    """Light (k, 3), linear red green blue in 0..1, and parts (k,)."""
    mesh, light = item.mesh, scene.light
    kinds, parts = mesh.paint[samples.face], mesh.part[samples.face]
    corners = np.ones((len(mesh.points), 8))
    corners[:, :3], corners[:, 3:6] = mesh.rest, mesh.normals
    sunlit = 1.0
    if item.person >= 0:
        person = scene.people[item.person]
        sunlit = shadow.at_person(things, person.x, person.y, light) if things else 1.0
        corners[:, 6], corners[:, 7] = _on_body(mesh, person, light)
    here = samples.mix(corners, mesh.faces, item.depth)
    if item.person >= 0:
        albedo, parts = paint.painted(person.look, kinds, parts, here[:, :3])
    else:
        albedo = occluders.painted(kinds, here[:, :3])
    sun = light.towards_sun
    facing = (
        np.maximum(here[:, 3] * sun[0] + here[:, 4] * sun[1] + here[:, 5] * sun[2], 0) * here[:, 6] * sunlit
    )
    around = here[:, 7] * (0.55 + 0.45 * sunlit)
    up = (0.5 + 0.5 * here[:, 5]) * around
    lit = facing[:, None] * light.sun + up[:, None] * light.sky + (around - up)[:, None] * light.bounce
    return np.minimum(albedo * lit, 1.0), parts


def _on_body(mesh: Mesh, person: Placed, light: Light) -> tuple[np.ndarray, np.ndarray]:
    """At each vertex of a person: sunlight not blocked by the body itself, and ambient openness."""
    size = proportions(person.look)
    H = size["H"]
    x, y = person.x, person.y
    balls = np.array(
        [
            [x, y, z * H, r * H]
            for z, r in ((0.93, 0.058), (0.78, 0.085), (0.70, 0.085), (0.60, 0.08), (0.52, 0.085))
        ]
    )
    sun_at = shadow.by_balls(mesh.points, balls, light)
    dx, dy = x - mesh.points[:, 0], y - mesh.points[:, 1]
    inward = (mesh.normals[:, 0] * dx + mesh.normals[:, 1] * dy) / np.sqrt(dx * dx + dy * dy + 1e-4)
    limbs = np.zeros(len(mesh.points), bool)
    limbs[mesh.faces[_LIMBS[mesh.part]].ravel()] = True
    open_ = 1 - 0.55 * np.where(limbs, np.maximum(inward, 0), 0)
    return sun_at, open_
