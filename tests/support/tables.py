"""Small valid tables for tests: crops of fictitious people, and their manifest.

Person `n` is track `n` in the one video of every platform, so that the truth behind a crops table is known:
`pid == track_id`. Equal arguments give equal tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from agreid_cli.attributes.official import official_codebook
from agreid_cli.records.crops import CAMID_OF_PLATFORM, CROPS, CROPS_SCHEMA
from agreid_cli.records.manifest import CODEBOOK_KEY, JUNK_PID, OFFICIAL_SIZES, manifest_artefact
from agreid_cli.records.workspace import Workspace

GROUP_SIZES = OFFICIAL_SIZES
FRAME_SIZE = {"uav": (3840, 2160), "cctv": (704, 480), "wearable": (3840, 2160)}
EVERY = 30


def crop_rows(
    seed: int = 0,
    *,
    n_pids: int = 6,
    crops_per_pid: int | tuple[int, int] = 3,
    platforms: Sequence[str] = ("uav", "cctv"),
    paired: float = 1.0,
    junk_tracks: int = 0,
    first_pid: int = 1,
) -> list[dict[str, Any]]:
    """One dict a crop, with its `pid`.

    `crops_per_pid` is the number a platform, or its (lowest, highest); `paired` is the part of the people
    that every platform sees, the others are seen by one alone; `junk_tracks` tracks a platform have pid -1.
    """
    rng = np.random.default_rng(seed)
    low, high = crops_per_pid if isinstance(crops_per_pid, tuple) else (crops_per_pid, crops_per_pid)
    seen_by_all = round(paired * n_pids)
    alone = rng.integers(0, len(platforms), n_pids)
    rows = []
    for place, platform in enumerate(platforms):
        for track in range(first_pid, first_pid + n_pids + junk_tracks):
            nth = track - first_pid
            is_person = nth < n_pids
            if is_person and nth >= seen_by_all and alone[nth] != place:
                continue
            for step in range(int(rng.integers(low, high + 1))):
                rows.append(_row(rng, platform, track, step, track if is_person else JUNK_PID))
    return sorted(rows, key=lambda row: row["crop_id"])


def crops_table(seed: int = 0, **how: Any) -> pa.Table:
    """A valid crops table; the words are those of `crop_rows`."""
    return pa.Table.from_pylist(crop_rows(seed, **how), schema=CROPS_SCHEMA)


def manifest_table(
    seed: int = 0, *, attributes: bool = True, group_sizes: tuple[int, ...] = GROUP_SIZES, **how: Any
) -> pa.Table:
    """A valid manifest table; junk crops, and all with `attributes=False`, have no attributes."""
    rows = crop_rows(seed, **how)
    rng = np.random.default_rng([seed, 1])
    bits = {pid: one_hot(rng, group_sizes) for pid in sorted({row["pid"] for row in rows})}
    for row in rows:
        has = attributes and row["pid"] != JUNK_PID
        row["attr_bits"] = bits[row["pid"]].tolist() if has else None
        row["attr_known"] = [True] * len(group_sizes) if has else None
    return pa.Table.from_pylist(rows, schema=manifest_artefact(group_sizes).schema)


def sightings_table(*sightings: tuple[int, str, int], published: dict[str, str] | None = None) -> pa.Table:
    """A valid manifest without attributes, made by hand: `(pid, camera, crops)` each, `camera` as "uav0".

    Crop `i` of pid 7 at cctv3 is `p7-cctv3-i`, thirty frames after the one before. `published` maps such
    names, or the part before the last dash, to the roles that an importer would have found.
    """
    rng = np.random.default_rng(0)
    rows = []
    for pid, camera, crops in sightings:
        platform = camera.rstrip("0123456789")
        for step in range(crops):
            row = _row(rng, platform, 0, step, pid)
            name = f"p{pid}-{camera}"
            row |= {"crop_id": f"{name}-{step}", "camid": int(camera[len(platform) :]), "track_id": None}
            if published is not None:
                row["published"] = published.get(row["crop_id"], published.get(name, ""))
            rows.append(row)
    schema = manifest_artefact(GROUP_SIZES).schema
    if published is not None:
        schema = schema.append(pa.field("published", pa.string()))
    return pa.Table.from_pylist(rows, schema=schema)


def write_sightings(root: Path, *sightings: tuple[int, str, int], **how: Any) -> Workspace:
    """A workspace at `root` whose manifest is `sightings_table`."""
    workspace = Workspace(root)
    manifest_artefact(GROUP_SIZES).write(sightings_table(*sightings, **how), workspace.manifest)
    return workspace


def one_hot(rng: np.random.Generator, group_sizes: Sequence[int] = GROUP_SIZES) -> np.ndarray:
    """A random attribute vector, uint8 of shape (sum of sizes,), one bit a group."""
    parts = [np.eye(size, dtype=np.uint8)[rng.integers(size)] for size in group_sizes]
    return np.concatenate(parts)


def write_crops(root: Path, seed: int = 0, **how: Any) -> Workspace:
    """A workspace at `root` that holds `crops/crops.parquet` (no images)."""
    workspace = Workspace(root)
    CROPS.write(crops_table(seed, **how), workspace.crops)
    return workspace


def write_manifest(root: Path, seed: int = 0, **how: Any) -> Workspace:
    """A workspace at `root` that holds a `manifest.parquet` with the official codebook."""
    workspace = Workspace(root)
    table = manifest_table(seed, **how)
    at = table.column_names.index("path")
    paths = pa.array([f"crops/{path}" for path in table["path"].to_pylist()])
    marks = {CODEBOOK_KEY: official_codebook().to_json()}
    artefact = manifest_artefact(GROUP_SIZES)
    artefact.write(table.set_column(at, table.field(at), paths), workspace.manifest, marks)
    return workspace


def _row(rng: np.random.Generator, platform: str, track: int, step: int, pid: int) -> dict[str, Any]:
    frame_width, frame_height = FRAME_SIZE[platform]
    width, height = int(rng.integers(31, 80)), int(rng.integers(80, 200))
    x1, y1 = int(rng.integers(0, frame_width - width)), int(rng.integers(0, frame_height - height))
    video, frame = f"campus-{platform}", step * EVERY
    crop_id = f"{video}-{track:04d}-{frame:06d}"
    return {
        "crop_id": crop_id, "path": f"images/{crop_id}.jpg",
        "camid": CAMID_OF_PLATFORM[platform], "platform": platform,
        "altitude": 1 if platform == "uav" else 0, "session": "04041",
        "video_id": video, "track_id": track, "frame": frame, "time_s": frame / 30,
        "x1": x1, "y1": y1, "x2": x1 + width, "y2": y1 + height, "score": float(rng.uniform(0.3, 1)),
        "width": width, "height": height, "frame_width": frame_width, "frame_height": frame_height,
        "sharpness": float(rng.uniform(1, 100)), "in_frame": 1.0, "pixelated": "none", "pid": pid,
    }  # fmt: skip
