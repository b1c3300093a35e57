"""A workspace with images: drawn people in two colours each, by two cameras; with manifest and split.

Half of the people are for training. Colours tell people apart, so that a network learns them in seconds.
"""

from __future__ import annotations

import colorsys
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa

from agreid_cli.records.manifest import manifest_artefact
from agreid_cli.records.split import SPLIT, SPLIT_SCHEMA
from agreid_cli.records.workspace import Workspace
from tests.support.tables import GROUP_SIZES, manifest_table

CAMERA = {"uav": 0.75, "cctv": 1.0}  # how bright each sees the world


def write_people(
    root: Path,
    seed: int = 0,
    *,
    n_pids: int = 8,
    crops_per_pid: int = 4,
    size: tuple[int, int] = (64, 32),
    attributes: bool = False,
) -> Workspace:
    """The first half of the pids is trained on, the others are asked for and searched in both directions."""
    workspace = Workspace(root)
    table = manifest_table(seed, attributes=attributes, n_pids=n_pids, crops_per_pid=crops_per_pid)
    rng = np.random.default_rng([seed, 9])
    rows = []
    for crop in table.to_pylist():
        path = root / crop["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), picture(crop["pid"], crop["platform"], size, rng))
        test = crop["pid"] > n_pids // 2
        aerial = crop["platform"] == "uav"
        if not test:
            rows.append({"crop_id": crop["crop_id"], "role": "train", "direction": None})
            continue
        for direction in ("a2g", "g2a"):
            asks = aerial == (direction == "a2g")
            role = "query" if asks else "gallery"
            rows.append({"crop_id": crop["crop_id"], "role": role, "direction": direction})
    manifest_artefact(GROUP_SIZES).write(table, workspace.manifest)
    SPLIT.write(pa.Table.from_pylist(rows, schema=SPLIT_SCHEMA), workspace.split)
    return workspace


def picture(pid: int, platform: str, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """uint8 BGR (height, width, 3): upper and lower part in the person's own two colours, with noise."""
    height, width = size
    image = np.full((height, width, 3), 110.0)
    for part, (top, bottom) in enumerate(((0.2, 0.55), (0.55, 0.95))):
        hue = (pid * 0.618 + part * 0.37) % 1
        colour = np.array(colorsys.hsv_to_rgb(hue, 0.8, 0.9)[::-1]) * 255
        shift = int(rng.integers(-2, 3))
        image[int(top * height) : int(bottom * height), width // 4 + shift : 3 * width // 4 + shift] = colour
    image = image * CAMERA[platform] + rng.normal(0, 8, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)
