"""A picture of the scene through a camera, with the exact truth of every pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from agreid_cli.synth import figure, ground, occluders, paint, raster, shadow
from agreid_cli.synth.body import proportions
from agreid_cli.synth.camera import Camera, Window
from agreid_cli.synth.light import GAMMA, Light, to_screen
from agreid_cli.synth.mesh import Mesh, placed
from agreid_cli.synth.parts import ARMS, FEET, HANDS, LEGS
from agreid_cli.synth.scene import Placed, Rendered, Scene

#: A thing that is larger than this in the picture gets one sample a pixel.
_COARSE_PX = 160
_SHOWN = (np.arange(256) / 255.0) ** GAMMA
_LIMBS = np.zeros(256, bool)
_LIMBS[[LEGS, ARMS, HANDS, FEET]] = True


@dataclass(frozen=True, eq=False)
class _Seen:
    """A mesh in the picture: its samples, before it is known which of them are in front."""

    mesh: Mesh
    depth: np.ndarray  # of its corners
    samples: raster.Samples
    person: int  # −1: a thing
    coarse: bool  # one sample stands for all of its pixel


def render(scene: Scene, camera: Camera, window: Window | None = None, *, supersample: int = 2) -> Rendered:
    """The rectangle `window` (x0, y0, x1, y1; the whole frame by default) of the frame that `camera` sees.

    Any window holds the very pixels of the full frame. People and things are smoothed by `supersample`²
    samples a pixel; owner, part and depth are exactly those of the pixel's first sample, which for
    supersample 1 is its centre.
    """
    window = window or (0, 0, camera.width, camera.height)
    x0, y0, x1, y1 = window
    w, h = x1 - x0, y1 - y0
    things = (
        [shadow.of_thing(thing, scene.light) for thing in scene.occluders] if scene.light.cloud < 1 else []
    )
    image = ground.paint(scene.ground, camera, window)
    casts, seen = list(things), []
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
    """A person in the world, and the shadow; kept for the crops of one frame."""
    body = figure.figure(person.look, person.phase, person.speed)
    mesh = placed(body, person.x, person.y, person.heading_rad)
    return mesh, shadow.cast(mesh, light, cell_m=0.035, soft_m=0.045)


def _may_matter(people: tuple[Placed, ...], light: Light, camera: Camera, window: Window) -> list[int]:
    """Those of whom something, or whose shadow, may fall into the window: a box around both is projected."""
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
    size = places[:, :2].max(0) - places[:, :2].min(0)  # of the whole thing, whatever the window
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
    """Which sample is in front, its colour, and the pixels that samples make."""
    w, h = size
    # Fresh zeros cost nothing until they are touched, so these may be as large as the frame.
    front = np.zeros(h * s * w * s, np.float32)
    top = np.zeros(h * s * w * s, np.int32)
    within = np.array([row * w * s + column for row in range(s) for column in range(s)])
    for item in seen:
        for shift in within if item.coarse else (0,):
            np.maximum.at(front, item.samples.at + shift, item.samples.nearness)
    first = 1
    for item in seen:
        samples = item.samples
        for shift in within if item.coarse else (0,):
            best = np.flatnonzero(samples.nearness == front[samples.at + shift])
            top[samples.at[best] + shift] = first + best
        first += len(samples.at)
    owner, part = np.full(h * w, -1, np.int16), np.zeros(h * w, np.uint8)
    depth = np.full(h * w, np.inf, np.float32)
    first, at, light, weight = 1, [], [], []
    for item in seen:
        samples = item.samples
        number = first + np.arange(len(samples.at))
        won = np.sum(
            [top[samples.at + shift] == number for shift in (within if item.coarse else (0,))], axis=0
        )
        first += len(samples.at)
        kept = np.flatnonzero(won)
        samples = samples.only(kept)
        if not len(kept):
            continue
        lit, parts = _shade(scene, item, samples, things)
        row, column = np.divmod(samples.at, w * s)
        pixel = (row // s) * w + column // s
        at.append(pixel)
        light.append(lit)
        weight.append(won[kept])
        exact = np.flatnonzero((row % s == 0) & (column % s == 0) & (top[samples.at] == number[kept]))
        owner[pixel[exact]] = item.person
        part[pixel[exact]] = parts[exact] if item.person >= 0 else 0
        depth[pixel[exact]] = 1.0 / samples.nearness[exact]
    if at:
        _blend(image, np.concatenate(at), np.concatenate(light), np.concatenate(weight) / (s * s))
    return Rendered(image, owner.reshape(h, w), part.reshape(h, w), depth.reshape(h, w))


def _blend(image: np.ndarray, pixel: np.ndarray, light: np.ndarray, weight: np.ndarray) -> None:
    """Put samples (k,) of light (k, 3) into the pixels; what they leave free shows the ground."""
    flat = image.reshape(-1, 3)
    place = np.zeros(len(flat), np.int32)
    place[pixel] = 1
    used = np.flatnonzero(place)
    place[used] = np.arange(len(used), dtype=np.int32)
    place = place[pixel]
    free = 1.0 - np.bincount(place, weight, minlength=len(used))
    mixed = _SHOWN[flat[used][:, ::-1]] * free[:, None]
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
    """At each corner of a person: how much sun passes the body itself, and how open the place is."""
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
