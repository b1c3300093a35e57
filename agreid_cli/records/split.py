"""Split `split/1`: the role of every crop; for test crops per direction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from agreid_cli.errors import InputError, Problem
from agreid_cli.records.artefact import Artefact
from agreid_cli.records.directions import DIRECTIONS

__all__ = ["DIRECTIONS", "ROLES", "SPLIT", "SPLIT_SCHEMA", "read_split", "sides_of"]

TEST_ROLES = ("query", "gallery")
ROLES = ("train", *TEST_ROLES, "unused")
#: The column of a manifest in which import-dataset stores the publisher's roles.
PUBLISHED = "published"

#: Train rows have no direction; a test crop has one row for each direction in which it has a role. A
#: direction without rows of its own uses the rows of `all` with the right platforms (so CARGO needs only
#: `all`).
SPLIT_SCHEMA = pa.schema(
    [
        pa.field("crop_id", pa.string(), nullable=False),
        pa.field("role", pa.string(), nullable=False),
        pa.field("direction", pa.string()),
    ]
)


def check_split(table: pa.Table) -> list[Problem]:
    """Known roles and directions; one row per crop and direction; no crop in both train and test."""
    problems: list[Problem] = []
    for name, allowed in (("role", ROLES), ("direction", tuple(DIRECTIONS))):
        for value in table[name].unique().to_pylist():
            if value is not None and value not in allowed:
                problems.append(Problem(f"column {name}", f"'{value}' is not one of {', '.join(allowed)}"))
    seen: set[tuple[str, str | None]] = set()
    train: set[str] = set()
    tested: set[str] = set()
    for crop, role, direction in _rows(table):
        if (crop, direction) in seen:
            problems.append(Problem(f"crop {crop}", f"occurs twice in direction {direction}"))
        seen.add((crop, direction))
        if role == "train":
            train.add(crop)
        elif role in TEST_ROLES:
            tested.add(crop)
            if direction is None:
                problems.append(Problem(f"crop {crop}", f"is a {role} without a direction"))
    problems += [Problem(f"crop {crop}", "is in train and in test") for crop in sorted(train & tested)]
    return problems


SPLIT = Artefact("split", 1, SPLIT_SCHEMA, "agreid build-split", check_split)


def read_split(path: Path, crops: pa.Table, *, complete: bool = True) -> pa.Table:
    """Read a split and check it against the manifest's identities; `InputError` names violations.

    `crops` is a manifest, or a table with its columns `crop_id`, `pid` and `platform`; `complete` when it
    should list every crop of the split.
    """
    table = SPLIT.read(path)
    refuse_mixed(path, table, crops, complete=complete)
    return table


def refuse_mixed(path: Path, split: pa.Table, crops: pa.Table, *, complete: bool = True) -> None:
    """Raise `InputError` with all that `check_people` finds in the split that was read from `path`."""
    if problems := check_people(split, crops, complete=complete):
        raise InputError(
            f"{path} contradicts the identities of its crops",
            problems=problems,
            hint="Create the split again with: agreid build-split --overwrite",
        )


def check_people(split: pa.Table, crops: pa.Table, *, complete: bool = True) -> list[Problem]:
    """No identity in both train and test; every direction uses query and gallery crops of its own platforms.

    Junk (pid below 0) is not an identity. A crop keeps the role that its publisher assigned (column
    `published`), whatever its platform.
    """
    names = ("crop_id", "pid", "platform")
    said = zip(*(crops[name].to_pylist() for name in names), strict=True)
    known = {crop: (pid, platform) for crop, pid, platform in said}
    published = {}
    if PUBLISHED in crops.column_names:
        published = dict(zip(crops["crop_id"].to_pylist(), crops[PUBLISHED].to_pylist(), strict=True))
    problems: list[Problem] = []
    train: dict[int, str] = {}
    tested: dict[int, str] = {}
    for crop, role, direction in _rows(split):
        if role == "unused":
            continue
        if crop not in known:
            if complete:
                problems.append(Problem(f"crop {crop}", f"{role}, is not in the manifest"))
            continue
        pid, platform = known[crop]
        if pid >= 0:
            (train if role == "train" else tested).setdefault(pid, crop)
        if role == "train" or platform is None or direction is None:
            continue
        row = DIRECTIONS[direction]
        wanted = row.query if role == "query" else row.gallery
        given = (published.get(crop) or "").split(";")
        if wanted and platform not in wanted and f"{role}:{direction}" not in given:
            what = f"is a {platform} crop and a {role} of {direction}, which takes {' or '.join(wanted)}"
            problems.append(Problem(f"crop {crop}", what))
    shared = [
        Problem(f"pid {pid}", f"is in train ({train[pid]}) and in test ({tested[pid]})")
        for pid in sorted(train.keys() & tested.keys())
    ]
    return [*shared, *problems]


def _rows(table: pa.Table) -> Iterator[tuple[str, str, str | None]]:
    return zip(*(table[name].to_pylist() for name in SPLIT_SCHEMA.names), strict=True)


def sides_of(table: pa.Table) -> dict[str, tuple[list[str], list[str]]]:
    """direction → (crop ids of the queries, crop ids of the gallery), in the table's order."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for crop, role, direction in _rows(table):
        if role in TEST_ROLES and direction:
            found.setdefault(direction, ([], []))[role == "gallery"].append(crop)
    return found
