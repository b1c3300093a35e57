"""Shadows of people and objects on the ground, on each other and on themselves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from agreid_cli.synth.draw import raster
from agreid_cli.synth.draw.camera import Camera, Window
from agreid_cli.synth.draw.light import GAMMA, Light
from agreid_cli.synth.draw.mesh import Mesh
from agreid_cli.synth.place import occluders
from agreid_cli.synth.place.ground import places


@dataclass(frozen=True, eq=False)
class Cast:
    """A patch of the ground: `dark` float32 (rows to the north, columns to the east), 0 lit … 1 in shadow."""

    west: float
    south: float
    cell_m: float
    dark: np.ndarray
    near: np.ndarray  # fraction of the sky that is hidden, same shape


def cast(mesh: Mesh, light: Light, *, cell_m: float, soft_m: float) -> Cast:
    """The shadow of a mesh on the ground."""
    sun = light.towards_sun
    points = np.maximum(mesh.points[:, 2], 0.0)
    reach_x = mesh.points[:, 0] - points * (sun[0] / sun[2])
    reach_y = mesh.points[:, 1] - points * (sun[1] / sun[2])
    margin = 4 * soft_m + 0.5
    west = np.floor((min(reach_x.min(), mesh.points[:, 0].min()) - margin) / cell_m) * cell_m
    south = np.floor((min(reach_y.min(), mesh.points[:, 1].min()) - margin) / cell_m) * cell_m
    across = int((max(reach_x.max(), mesh.points[:, 0].max()) + margin - west) / cell_m) + 1
    down = int((max(reach_y.max(), mesh.points[:, 1].max()) + margin - south) / cell_m) + 1
    flat = np.stack([(reach_x - west) / cell_m, down - (reach_y - south) / cell_m, np.ones(len(points))], 1)
    hit = raster.cover(flat, mesh.faces, window=(0, 0, across, down), supersample=1)
    dark = np.zeros((down, across), np.float32)
    dark.reshape(-1)[hit.at] = 1.0
    dark = cv2.GaussianBlur(dark[::-1], (0, 0), soft_m / cell_m, borderType=cv2.BORDER_CONSTANT)
    low = mesh.points[mesh.points[:, 2] < 1.0]
    near = np.zeros_like(dark)
    if len(low):
        column = np.clip(((low[:, 0] - west) / cell_m).astype(np.int64), 0, across - 1)
        row = np.clip(((low[:, 1] - south) / cell_m).astype(np.int64), 0, down - 1)
        near[row, column] = 1.0
        near = 1.6 * cv2.GaussianBlur(near, (0, 0), 0.13 / cell_m, borderType=cv2.BORDER_CONSTANT)
        near = np.minimum(near, 1.0)
    return Cast(float(west), float(south), cell_m, dark, near)


@lru_cache(maxsize=512)
def of_thing(thing: occluders.Occluder, light: Light) -> Cast:
    return cast(occluders.shape(thing), light, cell_m=0.05, soft_m=0.09)


def look_up(patch: Cast, X: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(dark, near) at places of the ground (h, w)."""
    columns = ((X - patch.west) / patch.cell_m - 0.5).astype(np.float32)
    rows = ((Y - patch.south) / patch.cell_m - 0.5).astype(np.float32)
    dark, near = (
        cv2.remap(grid, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        for grid in (patch.dark, patch.near)
    )
    return dark, near


def reach(patch: Cast, camera: Camera, window: Window) -> Window | None:
    """The part of the window in which the patch is visible; None if none."""
    high, wide = (n * patch.cell_m for n in patch.dark.shape)
    corners = np.array([[patch.west + a * wide, patch.south + b * high, 0.0] for a in (0, 1) for b in (0, 1)])
    seen = raster.project(corners, camera)
    x0, y0, x1, y1 = window
    if (seen[:, 2] > raster.NEAR_M).all():
        x0, y0 = max(x0, int(seen[:, 0].min()) - 1), max(y0, int(seen[:, 1].min()) - 1)
        x1, y1 = min(x1, int(seen[:, 0].max()) + 2), min(y1, int(seen[:, 1].max()) + 2)
    elif (seen[:, 2] < 0).all():
        return None
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def on_ground(image: np.ndarray, casts: list[Cast], light: Light, camera: Camera, window: Window) -> None:
    """Darken the ground (uint8, h × w × 3, BGR, unlit) by shadows and light it, in place."""
    h, w = image.shape[:2]
    dark, near = np.zeros((h, w), np.float32), np.zeros((h, w), np.float32)
    touched = []
    for patch in casts:
        box = reach(patch, camera, window)
        if box is None:
            continue
        X, Y, ahead = places(camera, box)
        rows, columns = (
            slice(box[1] - window[1], box[3] - window[1]),
            slice(box[0] - window[0], box[2] - window[0]),
        )
        for into, found in zip((dark, near), look_up(patch, X, Y), strict=True):
            np.maximum(into[rows, columns], np.where(ahead > 0, found, 0), out=into[rows, columns])
        touched.append((rows, columns))
    full = light.on_ground
    from_sun = light.sun * max(light.towards_sun[2], 0.0) / full  # the fraction from the sun, red green blue
    table = np.arange(256)[:, None] / 255.0 * full ** (1 / GAMMA) * 255.0
    lut = np.clip(table + 0.5, 0, 255).astype(np.uint8)[:, ::-1]
    at = np.flatnonzero((dark > 0.004) | (near > 0.004)) if touched else np.empty(0, np.int64)
    flat = image.reshape(-1, 3)
    unlit = flat[at].astype(np.float32)
    cv2.LUT(image, np.ascontiguousarray(lut).reshape(1, 256, 3), dst=image)
    if len(at):
        # 64 steps of shadow × 32 of hidden sky: the power is computed for the table, not for the pixels.
        d, n = np.arange(64)[:, None, None] / 63, np.arange(32)[None, :, None] / 31
        left = (from_sun * (1 - d) + (1 - from_sun) * (1 - 0.55 * n)) * full
        factor = (left[..., ::-1] ** (1 / GAMMA)).reshape(-1, 3).astype(np.float32)
        step = (dark.reshape(-1)[at] * 63 + 0.5).astype(np.int32) * 32
        step += (near.reshape(-1)[at] * 31 + 0.5).astype(np.int32)
        flat[at] = np.clip(unlit * factor[step] + 0.5, 0, 255).astype(np.uint8)


def at_person(casts: list[Cast], x: float, y: float, light: Light) -> float:
    """Fraction of sunlight that reaches a person at (x, y): 1 all, 0 shade; sampled at chest height."""
    sun = light.towards_sun
    lit = 1.0
    for height in (0.3, 1.2):
        X, Y = np.array([[x - height * sun[0] / sun[2]]]), np.array([[y - height * sun[1] / sun[2]]])
        dark = max((float(look_up(patch, X, Y)[0][0, 0]) for patch in casts), default=0.0)
        lit -= 0.5 * dark
    return lit


def by_balls(points: np.ndarray, balls: np.ndarray, light: Light) -> np.ndarray:
    """Fraction of sunlight that reaches points (n, 3) past balls (m, 4: centre, radius) of the body, (n,)."""
    sun = light.towards_sun
    lit = np.ones(len(points))
    for x, y, z, radius in balls:
        dx, dy, dz = x - points[:, 0], y - points[:, 1], z - points[:, 2]
        ahead = dx * sun[0] + dy * sun[1] + dz * sun[2]
        aside = np.sqrt(np.maximum(dx * dx + dy * dy + dz * dz - ahead * ahead, 0))
        hidden = np.clip((1.1 * radius - aside) / (0.35 * radius), 0, 1) * np.clip(ahead / radius - 0.3, 0, 1)
        lit *= 1 - hidden
    return lit
