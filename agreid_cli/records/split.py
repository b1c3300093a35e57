"""Split `split/1`: the role of every crop, per direction for the test part."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from agreid_cli.errors import Problem
from agreid_cli.records.artefact import Artefact
from agreid_cli.records.directions import DIRECTIONS

__all__ = ["DIRECTIONS", "ROLES", "SPLIT", "SPLIT_SCHEMA", "check_split", "sides_of"]

ROLES = ("train", "query", "gallery", "unused")

#: Train rows have no direction; a test crop has one row a direction in which it plays a part. A direction
#: without rows of its own takes the rows of `all` whose platforms it asks for (so CARGO needs only `all`).
SPLIT_SCHEMA = pa.schema(
    [
        pa.field("crop_id", pa.string(), nullable=False),
        pa.field("role", pa.string(), nullable=False),
        pa.field("direction", pa.string()),
    ]
)


def check_split(table: pa.Table) -> list[Problem]:
    """Known roles and directions; one row a crop and direction; a crop is never both train and test."""
    problems: list[Problem] = []
    for name, allowed in (("role", ROLES), ("direction", tuple(DIRECTIONS))):
        for value in table[name].unique().to_pylist():
            if value is not None and value not in allowed:
                problems.append(Problem(f"column {name}", f"'{value}' is none of {', '.join(allowed)}"))
    keys = list(zip(table["crop_id"].to_pylist(), table["direction"].to_pylist(), strict=True))
    seen: set[tuple[str, str | None]] = set()
    for key in keys:
        if key in seen:
            problems.append(Problem(f"crop {key[0]}", f"stands twice in direction {key[1]}"))
        seen.add(key)
    is_train = pc.equal(table["role"], "train")
    train = set(table["crop_id"].filter(is_train).to_pylist())
    tested = pc.is_in(table["role"], value_set=pa.array(["query", "gallery"]))
    for crop in sorted(train & set(table["crop_id"].filter(tested).to_pylist())):
        problems.append(Problem(f"crop {crop}", "is in train and in test"))
    lost = pc.and_(tested, pc.is_null(table["direction"]))
    for crop in table["crop_id"].filter(lost).to_pylist():
        problems.append(Problem(f"crop {crop}", "is query or gallery of no direction"))
    return problems[:50]


SPLIT = Artefact("split", 1, SPLIT_SCHEMA, "agreid build-split", check_split)


def sides_of(table: pa.Table) -> dict[str, tuple[list[str], list[str]]]:
    """direction → (crop ids of the queries, crop ids of the gallery), in the table's order."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    columns = (table[name].to_pylist() for name in ("crop_id", "role", "direction"))
    for crop, role, direction in zip(*columns, strict=True):
        if role in ("query", "gallery") and direction:
            found.setdefault(direction, ([], []))[role == "gallery"].append(crop)
    return found
