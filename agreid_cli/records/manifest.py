"""Manifest `manifest/1`: crops with the identity and the attribute bits of each.

The codebook (groups and bits, in order) is stored with the table as JSON, so that a manifest
with groups left out is self-describing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from agreid_cli.errors import InputError, Problem
from agreid_cli.records.artefact import SCHEMA_KEY, Artefact, metadata
from agreid_cli.records.crops import CROP_FIELDS, check_crops

JUNK_PID = -1
CODEBOOK_KEY = "codebook"
#: Sizes of the 15 official groups, in order: assumed for a table without a codebook.
OFFICIAL_SIZES = (3, 4, 5, 4, 5, 7, 6, 3, 3, 4, 5, 13, 10, 7, 9)


def manifest_artefact(group_sizes: tuple[int, ...]) -> Artefact:
    """The artefact for a codebook with these group sizes (88 bits in 15 groups unless some are left out)."""
    schema = pa.schema(
        [
            *CROP_FIELDS,
            pa.field("pid", pa.int64(), nullable=False),
            pa.field("attr_bits", pa.list_(pa.uint8(), sum(group_sizes))),
            pa.field("attr_known", pa.list_(pa.bool_(), len(group_sizes))),
        ]
    )

    def check(table: pa.Table) -> list[Problem]:
        return [*check_crops(table), *check_attributes(table, group_sizes)]

    return Artefact("manifest", 1, schema, "agreid build-manifest", check)


def read_manifest(path: Path) -> pa.Table:
    """Read and check a manifest with the codebook stored in it, whatever groups it leaves out."""
    return manifest_artefact(_stored_sizes(path)).read(path)


def is_manifest(path: Path) -> bool:
    """Whether a table declares itself a manifest; tables of other programs and broken ones do not."""
    try:
        marks = pq.read_schema(path).metadata or {}
    except (ValueError, OSError):
        return False
    return bytes(marks.get(SCHEMA_KEY, b"")).startswith(b"manifest/")


def _stored_sizes(path: Path) -> tuple[int, ...]:
    try:
        marks = pq.read_schema(path).metadata or {}
    except (ValueError, OSError):
        return OFFICIAL_SIZES  # reading the artefact will report what is wrong with the file
    text = marks.get(f"agreid.{CODEBOOK_KEY}".encode())
    if not text:
        return OFFICIAL_SIZES
    try:
        return tuple(len(group["bits"]) for group in json.loads(text)["groups"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} contains a codebook that this agreid cannot read",
            hint="Create the manifest again with: agreid build-manifest",
        ) from error


def check_attributes(table: pa.Table, group_sizes: tuple[int, ...]) -> list[Problem]:
    """Exactly one bit per group; one attribute vector per pid."""
    problems: list[Problem] = []
    bits = attribute_matrix(table)
    has = ~np.asarray(table["attr_bits"].is_null().to_numpy(zero_copy_only=False), dtype=bool)
    crop_ids = table["crop_id"].to_pylist()
    starts = [0, *accumulate(group_sizes)][:-1]
    if sum(group_sizes):
        ones = np.add.reduceat(bits, starts, axis=1, dtype=np.int64) if len(bits) else bits
        for row in np.flatnonzero(has & (ones != 1).any(axis=1)):
            groups = np.flatnonzero(ones[row] != 1).tolist()
            problems.append(Problem(f"crop {crop_ids[row]}", f"groups {groups} do not have exactly one bit"))
    first: dict[int, bytes] = {}
    differing: set[int] = set()
    for pid, vector, known in zip(table["pid"].to_pylist(), bits, has, strict=True):
        if known and first.setdefault(pid, vector.tobytes()) != vector.tobytes():
            differing.add(pid)
    problems += [Problem(f"pid {pid}", "has more than one attribute vector") for pid in sorted(differing)]
    pids = table["pid"].to_numpy()
    below = np.flatnonzero(pids < JUNK_PID)
    problems += [Problem(f"crop {crop_ids[row]}", f"pid {pids[row]} is below {JUNK_PID}") for row in below]
    known = table["attr_known"].is_valid().to_numpy(zero_copy_only=False)
    for row in np.flatnonzero(known & ~has):
        problems.append(Problem(f"crop {crop_ids[row]}", "has attr_known and no attr_bits"))
    return problems


def attribute_matrix(table: pa.Table) -> np.ndarray:
    """`attr_bits` as uint8 of shape (rows, bits); rows without attributes are all zero."""
    column = table["attr_bits"]
    bits = np.zeros((len(column), column.type.list_size), dtype=np.uint8)
    held = column.drop_null().combine_chunks().flatten()
    bits[column.is_valid().to_numpy()] = np.asarray(held).reshape(-1, bits.shape[1])
    return bits


def codebook_of(table: pa.Table) -> dict[str, object]:
    """The codebook's JSON as stored with the manifest ({} if another program wrote the table)."""
    text = metadata(table).get(CODEBOOK_KEY, "")
    stored: dict[str, object] = json.loads(text) if text else {}
    return stored


@dataclass(frozen=True)
class Known:
    """The manifest's data of one crop needed for ranking."""

    pid: int
    camid: int
    platform: str


def known_crops(path: Path) -> dict[str, Known]:
    """crop_id → identity, camera, platform of every crop in a manifest."""
    return known_of(read_manifest(path))


def known_of(table: pa.Table) -> dict[str, Known]:
    """crop_id → identity, camera, platform of every crop of a manifest table."""
    names = ("crop_id", "pid", "camid", "platform")
    crops, *rest = (table[name].to_pylist() for name in names)
    return {crop: Known(*said) for crop, *said in zip(crops, *rest, strict=True)}
