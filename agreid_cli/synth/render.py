"""A picture of the scene through a camera, with the exact truth of every pixel."""

from __future__ import annotations

import numpy as np

from agreid_cli.synth import figure, raster
from agreid_cli.synth.camera import Camera, Window
from agreid_cli.synth.light import GAMMA, linear
from agreid_cli.synth.mesh import placed
from agreid_cli.synth.scene import Rendered, Scene


def render(scene: Scene, camera: Camera, window: Window | None = None, *, supersample: int = 2) -> Rendered:
    """The rectangle `window` (x0, y0, x1, y1; the whole frame by default) of the frame that `camera` sees.

    Any window holds the very pixels of the full frame. `supersample` squared samples make one pixel of the
    picture; owner, part and depth are those of most of them.
    """
    window = window or (0, 0, camera.width, camera.height)
    x0, y0, x1, y1 = window
    w, h, s = x1 - x0, y1 - y0, supersample
    image = np.full((h * s, w * s, 3), 0.3)
    owner = np.full(h * s * w * s, -1, np.int16)
    part = np.zeros(h * s * w * s, np.uint8)
    near = np.zeros(h * s * w * s, np.float32)
    flat = image.reshape(-1, 3)
    for index, person in enumerate(scene.people):
        mesh = placed(
            figure.figure(person.look, person.phase, person.speed), person.x, person.y, person.heading_rad
        )
        samples = raster.cover(raster.project(mesh.points, camera), mesh.faces, window=window, supersample=s)
        np.maximum.at(near, samples.at, samples.nearness)
        samples = samples.only(samples.nearness >= near[samples.at])
        corners = mesh.faces[samples.face]
        normals = (mesh.normals[corners] * samples.weights[..., None]).sum(1)
        look = person.look
        cloth = (look.upper.colour, look.lower.colour)
        table = np.array([look.skin, look.skin, look.hair, *cloth, look.shoes, look.bag.colour,
                          look.headwear.colour, look.skin, *cloth, look.inner.colour])  # fmt: skip
        albedo = linear(table)[mesh.paint[samples.face]]
        facing = np.maximum(normals @ scene.light.towards_sun, 0)[:, None]
        up = normals[:, 2:] * 0.5 + 0.5
        lit = (
            albedo
            * (facing * scene.light.sun + up * scene.light.sky + (1 - up) * scene.light.bounce)
            / np.pi
            * 1.6
        )
        flat[samples.at] = np.clip(lit, 0, 1)
        owner[samples.at] = index
        part[samples.at] = mesh.part[samples.face]
    small = image.reshape(h, s, w, s, 3).mean((1, 3)) ** (1 / GAMMA)
    pick = (slice(None, None, s), slice(None, None, s))
    with np.errstate(divide="ignore"):
        depth = 1 / near.reshape(h * s, w * s)[pick]
    return Rendered(
        (small[..., ::-1] * 255 + 0.5).astype(np.uint8), owner.reshape(h * s, w * s)[pick].copy(),
        part.reshape(h * s, w * s)[pick].copy(), depth.astype(np.float32),
    )  # fmt: skip
