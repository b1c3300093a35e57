"""Drawn people in two cameras, with proposals as `agreid propose-identities` writes them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from agreid_cli.metrics.clustering.likeness import compact
from agreid_cli.metrics.clustering.units import unit_length
from agreid_cli.records.crops import CROPS
from agreid_cli.records.proposals import DOUBTS, DOUBTS_SCHEMA, PROPOSALS, VECTORS, VECTORS_SCHEMA
from agreid_cli.records.proposals import SCHEMA as PROPOSALS_SCHEMA
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.proposed import crops_digest
from agreid_cli.stages.annotate.review import rows_by_track
from tests.support.faces import picture
from tests.support.tables import write_crops

VIDEOS = ("campus-uav", "campus-cctv")
AT_ONCE = 5  # tracks that overlap in time; the next ones follow


CURVES = {"within": (6.0, 0.5), "across": (6.0, 0.5)}


def write_proposed(
    root: Path, people: int, *, crops: int = 3, near: int = 10, seed: int = 0, noise: float = 0.1
) -> Workspace:
    """`people` people, each with one track in both videos (person n is track n), and `proposals/`.

    With little `noise`, the true pair across is the likeliest of each track; `near` others of each kind are
    proposed too.
    """
    workspace = write_crops(root, seed, n_pids=people, crops_per_pid=crops)
    rows = CROPS.read(workspace.crops).to_pylist()
    for row in rows:
        later = (row["track_id"] - 1) // AT_ONCE * 30 * (crops + 1)
        row["frame"] += later
        row["time_s"] = row["frame"] / 30
        _draw(workspace.crops_dir, row)
    table = pa.Table.from_pylist(rows, schema=CROPS.read(workspace.crops).schema)
    CROPS.write(table, workspace.crops)
    of_track = rows_by_track(CROPS.read(workspace.crops))
    first = {track: mine[0]["frame"] for track, mine in of_track.items()}
    marks = {"embedder": "drawn", "crops": crops_digest(of_track)}
    pairs = _pairs(people, near, np.random.default_rng(seed))
    asked = [_row(*pair, first, at) for at, pair in enumerate(pairs)]
    PROPOSALS.write(
        pa.Table.from_pylist(asked, schema=PROPOSALS_SCHEMA), workspace.proposals / "pairs.parquet", marks
    )
    doubts = [
        {"video": video, "track": number, "frame": first[video, number], "group": at,
         "doubt": number / people, "reason": "it is blurred"}
        for at, (video, number) in enumerate(of_track)
    ]  # fmt: skip
    DOUBTS.write(
        pa.Table.from_pylist(doubts, schema=DOUBTS_SCHEMA), workspace.proposals / "doubts.parquet", marks
    )
    rng = np.random.default_rng(seed + 1)
    looks = rng.normal(size=(people, 32))
    rows_of = looks[[number - 1 for _, number in of_track]]
    vectors = compact(unit_length((rows_of + noise * rng.normal(size=rows_of.shape)).astype(np.float32)))
    likeness = [
        {"video": video, "track": number, "frame": first[video, number], "camera": VIDEOS.index(video),
         "vector": vectors[at].tobytes(), "levels": [0, 0], "twins": []}
        for at, (video, number) in enumerate(of_track)
    ]  # fmt: skip
    VECTORS.write(
        pa.Table.from_pylist(likeness, schema=VECTORS_SCHEMA), workspace.proposals / "vectors.parquet",
        marks | {"curves": json.dumps(CURVES), "scene": "{}"},
    )  # fmt: skip
    return workspace


def _draw(folder: Path, row: dict[str, Any]) -> None:
    """One image for all crops of a person, as hard links."""
    one = folder / "images" / f"person-{row['track_id']}.jpg"
    path = folder / row["path"]
    for place in (one, path):
        place.parent.mkdir(parents=True, exist_ok=True)
    if not one.is_file():
        picture(row["track_id"], row["width"], row["height"]).save(one, quality=80)
    os.link(one, path)


def _pairs(people: int, near: int, rng: np.random.Generator) -> list[tuple[str, int, str, int, float]]:
    """Sorted by probability. Within a video only tracks that do not overlap in time."""
    found: dict[tuple[str, int, str, int], float] = {}
    for number in range(1, people + 1):
        found[VIDEOS[1], number, VIDEOS[0], number] = float(rng.uniform(0.6, 0.999))
        for other in rng.integers(1, people + 1, 2 * near).tolist():
            chance = float(rng.uniform(0.005, 0.5))
            found.setdefault((VIDEOS[1], number, VIDEOS[0], other), chance)
            if (number - 1) // AT_ONCE < (other - 1) // AT_ONCE:
                for video in VIDEOS:
                    found.setdefault((video, number, video, other), chance / 2)
    return sorted(((*pair, chance) for pair, chance in found.items()), key=lambda row: (-row[4], row))


def _row(
    video_a: str, track_a: int, video_b: str, track_b: int, chance: float, first: dict[Any, int], at: int
) -> dict[str, Any]:
    return {
        "video_a": video_a, "track_a": track_a, "frame_a": first[video_a, track_a],
        "video_b": video_b, "track_b": track_b, "frame_b": first[video_b, track_b],
        "kind": "within" if video_a == video_b else "across",
        "probability": chance, "similarity": 2 * chance - 1, "grouped": chance >= 0.5, "asked": at,
    }  # fmt: skip
