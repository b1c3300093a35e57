"""Merge the filmed people and the crowd into one data set; the crowd is used for training only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

import pyarrow as pa

from agreid_cli.records.artefact import metadata
from agreid_cli.records.crops import VIEW_OF_PLATFORM
from agreid_cli.records.manifest import CODEBOOK_KEY, codebook_of, manifest_artefact, read_manifest
from agreid_cli.records.split import SPLIT, SPLIT_SCHEMA, read_split
from agreid_cli.records.workspace import Workspace

#: Added to the pids of the crowd: larger than any person number of a film (the P field has 4 digits).
CROWD_PID = 5_000_000_000
CROWD = "crowd-"


@dataclass(frozen=True)
class Merged:
    """The content of the merged data set."""

    crops: int
    train_crops: int
    train_identities: int
    test_identities: int
    crowd_identities: int
    train_paired: int  # training identities seen in both views


def merge(film: Workspace, crowd: Workspace | None, into: Workspace) -> Merged:
    """Write `manifest.parquet` and `split.parquet` of `into`; the images stay where they are.

    The film has its own split. All crops of the crowd are for training, under their own pids and crop ids,
    so that crowd and film people cannot be confused.
    """
    manifest = read_manifest(film.manifest)
    first = _placed(manifest, film, into)
    marks = metadata(first)
    tables, rows = [first], read_split(film.split, manifest)
    others = 0
    if crowd is not None:
        second = _renamed(_placed(read_manifest(crowd.manifest), crowd, into))
        others = len(second["pid"].unique())
        tables.append(second.select(first.column_names))
        train = pa.table(
            {
                "crop_id": second["crop_id"],
                "role": ["train"] * len(second),
                "direction": pa.nulls(len(second), pa.string()),
            },
            schema=SPLIT_SCHEMA,
        )
        rows = pa.concat_tables([rows.select(SPLIT_SCHEMA.names).cast(SPLIT_SCHEMA), train])
    whole = pa.concat_tables([table.replace_schema_metadata(None) for table in tables])
    sizes = tuple(len(group["bits"]) for group in codebook_of(first)["groups"])  # type: ignore[attr-defined]
    kept = {CODEBOOK_KEY: marks[CODEBOOK_KEY], "dataset": "synthetic campus"}
    manifest_artefact(sizes).write(whole, into.manifest, kept)
    SPLIT.write(rows, into.split)
    pid_of = dict(zip(whole["crop_id"].to_pylist(), whole["pid"].to_pylist(), strict=True))
    roles = list(zip(rows["crop_id"].to_pylist(), rows["role"].to_pylist(), strict=True))
    train_pids = [pid_of[crop] for crop, role in roles if role == "train"]
    test_pids = {pid_of[crop] for crop, role in roles if role in ("query", "gallery")}
    of_view: dict[str, set[int]] = {}
    platform_of = dict(zip(whole["crop_id"].to_pylist(), whole["platform"].to_pylist(), strict=True))
    for crop, role in roles:
        if role == "train":
            of_view.setdefault(VIEW_OF_PLATFORM[platform_of[crop]], set()).add(pid_of[crop])
    paired = set.intersection(*of_view.values()) if len(of_view) > 1 else set()
    return Merged(len(whole), len(train_pids), len(set(train_pids)), len(test_pids), others, len(paired))


def _placed(table: pa.Table, of: Workspace, into: Workspace) -> pa.Table:
    """The table with paths relative to `into`, which contains `of`."""
    below = PurePosixPath(of.root.resolve().relative_to(into.root.resolve()).as_posix())
    return _with(table, "path", [str(below / path) for path in table["path"].to_pylist()])


def _renamed(table: pa.Table) -> pa.Table:
    table = table.filter(pa.array([pid >= 0 for pid in table["pid"].to_pylist()]))
    table = _with(table, "pid", [pid + CROWD_PID for pid in table["pid"].to_pylist()])
    for name in ("crop_id", "video_id"):
        values = [None if value is None else CROWD + value for value in table[name].to_pylist()]
        table = _with(table, name, values)
    return table


def _with(table: pa.Table, name: str, values: list[object]) -> pa.Table:
    at = table.column_names.index(name)
    field = table.schema.field(name)
    return table.set_column(at, field, pa.array(values, field.type))
