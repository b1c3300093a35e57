"""Images for the crops of tests/support/tables.py: one drawn person per track, in the same colours in every
camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from agreid_cli.records.crops import CROPS
from agreid_cli.records.workspace import Workspace
from tests.support.tables import write_crops


def write_pictured(root: Path, seed: int = 0, **how: object) -> Workspace:
    """A workspace as of `write_crops`, with its images."""
    workspace = write_crops(root, seed, **how)  # type: ignore[arg-type]
    for row in CROPS.read(workspace.crops).to_pylist():
        path = workspace.crops_dir / row["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(row["track_id"], row["width"], row["height"]).save(path, quality=80)
    return workspace


def picture(person: int, width: int, height: int) -> Image.Image:
    """A head, a coat and trousers, coloured by the person's number."""
    rng = np.random.default_rng(person)
    coat, trousers, hair = (tuple(int(v) for v in rng.integers(30, 230, 3)) for _ in range(3))
    image = Image.new("RGB", (width, height), (150, 152, 148))
    draw = ImageDraw.Draw(image)
    w, h = width, height
    draw.rectangle((w * 0.2, h * 0.2, w * 0.8, h * 0.6), fill=coat)
    draw.rectangle((w * 0.28, h * 0.6, w * 0.72, h - 1), fill=trousers)
    draw.ellipse((w * 0.33, h * 0.03, w * 0.67, h * 0.21), fill=(224, 180, 150))
    draw.rectangle((w * 0.33, h * 0.02, w * 0.67, h * 0.07), fill=hair)
    return image
