"""identities.csv and attributes.csv for the workspaces of tests/support/tables.py, where pid == track_id."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from agreid_cli.attributes.official import official_codebook
from agreid_cli.records.crops import CROPS
from agreid_cli.records.workspace import Workspace
from tests.support.tables import write_crops


def annotated(
    root: Path, seed: int = 0, *, junk_from: int = 10**6, attributes: bool = True, **how: object
) -> Workspace:
    """A workspace with crops, every track annotated; tracks from `junk_from` on are junk."""
    workspace = write_crops(root, seed, **how)  # type: ignore[arg-type]
    crops = CROPS.read(workspace.crops)
    tracks = sorted(set(zip(crops["video_id"].to_pylist(), crops["track_id"].to_pylist(), strict=True)))
    write_identities(workspace.identities, {t: t[1] if t[1] < junk_from else -1 for t in tracks})
    if attributes:
        people = {track for _, track in tracks if track < junk_from}
        write_attributes(workspace.attributes, random_codes(seed, sorted(people)))
    return workspace


def write_identities(path: Path, pids: Mapping[tuple[str, int], object]) -> None:
    rows = [[video, track, pid] for (video, track), pid in pids.items()]
    _write(path, [["video_id", "track_id", "pid"], *rows])


def write_attributes(path: Path, codes: Mapping[int, list[object]]) -> None:
    _write(path, [["pid", *official_codebook().names], *([pid, *row] for pid, row in codes.items())])


def random_codes(seed: int, pids: list[int]) -> dict[int, list[object]]:
    """The official integer codes of each pid."""
    rng = np.random.default_rng(seed)
    sizes = [len(group.labels) for group in official_codebook().groups]
    return {pid: list(rng.integers(0, sizes).tolist()) for pid in pids}


def _write(path: Path, rows: list[list[object]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows(rows)
