"""Random embeddings for tests, as arrays and as files, and the slow obvious way to score them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from agreid_cli.records.crops import CAMID_OF_PLATFORM
from agreid_cli.records.embeddings import embeddings_artefact
from agreid_cli.records.split import SPLIT, SPLIT_SCHEMA
from agreid_cli.records.workspace import Workspace
from tests.support.tables import manifest_table, write_manifest


def drawn(seed: int = 0, *, noise: float = 1.0, width: int = 8, **how: Any) -> pa.Table:
    """An embeddings table over the crops of `manifest_table(seed, **how)`: one centre a person, and noise."""
    manifest = manifest_table(seed, attributes=False, **how)
    rng = np.random.default_rng([seed, 2])
    centres = rng.normal(size=(1000, width))
    pids = np.array(manifest["pid"].to_pylist())
    vectors = (centres[pids] + noise * rng.normal(size=(len(pids), width))).astype(np.float32)
    columns = {name: manifest[name] for name in ("crop_id", "pid", "camid", "platform")}
    columns["embedding"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), width)
    return pa.table(columns)


def write_embeddings(table: pa.Table, path: Path) -> Path:
    embeddings_artefact(table.schema.field("embedding").type.list_size).write(table, path)
    return path


def vectors(table: pa.Table) -> np.ndarray:
    """float32 of shape (rows, D)."""
    return np.array(table["embedding"].to_pylist(), np.float32)


def as_npz(table: pa.Table, path: Path, *, ids: bool = True, query: str = "uav", **changed: Any) -> Path:
    """Queries of one platform, gallery of the others, as other programs save them."""
    arrays: dict[str, Any] = {}
    asks = np.array(table["platform"].to_pylist()) == query
    for role, rows in (("query", asks), ("gallery", ~asks)):
        arrays[f"{role}_f"] = vectors(table)[rows]
        for name in ("pid", "camid", "platform", *(["crop_id"] if ids else [])):
            arrays[f"{role}_{name}"] = np.array(table[name].to_pylist())[rows]
    arrays |= changed
    np.savez(path, **{name: values for name, values in arrays.items() if values is not None})
    return path


def workspace_with(
    root: Path, seed: int = 0, *, directions: Sequence[str] = ("a2g", "g2a"), **how: Any
) -> tuple[Workspace, pa.Table]:
    """A workspace with manifest and split (each side complete), and embeddings for its crops."""
    workspace = write_manifest(root, seed, attributes=False, **how)
    table = drawn(seed, **how)
    rows = []
    for direction in directions:
        for crop, camid in zip(table["crop_id"].to_pylist(), table["camid"].to_pylist(), strict=True):
            aerial = camid == CAMID_OF_PLATFORM["uav"]
            query = {"a2g": aerial, "g2a": not aerial}.get(direction, crop.endswith("000000"))
            rows.append({"crop_id": crop, "role": "query" if query else "gallery", "direction": direction})
    SPLIT.write(pa.Table.from_pylist(rows, schema=SPLIT_SCHEMA), workspace.split)
    return workspace, table


def slow_score(
    query: np.ndarray, gallery: np.ndarray, pids: tuple[Any, Any], camids: tuple[Any, Any]
) -> tuple[float, float, float, int]:
    """mAP, Rank-1, mINP and the number of valid queries, every row sorted (Euclidean; ties count against)."""
    found = []
    for q, pid, cam in zip(np.float64(query), pids[0], camids[0], strict=True):
        row = [
            (float(((q - g) ** 2).sum()), g_pid == pid)
            for g, g_pid, g_cam in zip(np.float64(gallery), pids[1], camids[1], strict=True)
            if g_pid != -1 and not (g_pid == pid and g_cam == cam)
        ]
        hits = [at for at, (_, match) in enumerate(sorted(row), start=1) if match]
        if hits:
            precision = [n / at for n, at in enumerate(hits, start=1)]
            found.append((sum(precision) / len(hits), hits[0] == 1, len(hits) / hits[-1]))
    mAP, rank1, mINP = (float(np.mean([row[i] for row in found])) for i in range(3))
    return mAP, rank1, mINP, len(found)
