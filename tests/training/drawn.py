"""A workspace with drawn crops: all crops of a person have one colour, so pixels identify the person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa

from agreid_cli.records.manifest import manifest_artefact
from agreid_cli.records.split import SPLIT, SPLIT_SCHEMA
from agreid_cli.records.workspace import Workspace
from tests.support.tables import GROUP_SIZES, sightings_table


def colour(pid: int) -> tuple[int, int, int]:
    """RGB, far from black and different for small pids."""
    return 40 + 37 * pid % 200, 40 + 91 * pid % 200, 40 + 149 * pid % 200


def person(pid: int, seed: int, size: tuple[int, int] = (60, 28)) -> np.ndarray:
    """uint8 RGB (height, width, 3): the person's colour, a lighter head, a little noise."""
    rng = np.random.default_rng([pid, seed])
    image = np.full((*size, 3), colour(pid), np.float32)
    image[: size[0] // 4] += 20
    return np.clip(image + rng.normal(0, 4, image.shape), 0, 255).astype(np.uint8)


def write_drawn(root: Path, *sightings: tuple[int, str, int], test: Sequence[int] = ()) -> Workspace:
    """A workspace with manifest, split and images; `(pid, camera, crops)` as in `sightings_table`.

    The pids in `test` are queries at the UAV and gallery elsewhere, all others train.
    """
    workspace = Workspace(root)
    table = sightings_table(*sightings)
    names = table["crop_id"].to_pylist()
    at = table.column_names.index("path")
    table = table.set_column(at, table.field(at), pa.array([f"images/{name}.png" for name in names]))
    manifest_artefact(GROUP_SIZES).write(table, workspace.manifest)
    (root / "images").mkdir(parents=True)
    rows = []
    for seed, (name, pid, platform) in enumerate(
        zip(names, table["pid"].to_pylist(), table["platform"].to_pylist(), strict=True)
    ):
        cv2.imwrite(str(root / "images" / f"{name}.png"), person(pid, seed)[..., ::-1])
        role = ("query" if platform == "uav" else "gallery") if pid in test else "train"
        rows.append({"crop_id": name, "role": role, "direction": "a2g" if pid in test else None})
    SPLIT.write(pa.Table.from_pylist(rows, schema=SPLIT_SCHEMA), workspace.split)
    return workspace
