"""Proposals `proposals/1`: pairs of tracks that may be one person, with a probability each.

A track is identified by video and number, a part of a divided track by its first frame too. No command uses
proposals as annotations.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from agreid_cli.errors import Problem
from agreid_cli.records.artefact import Artefact

_SIDES = [
    field
    for side in "ab"
    for field in (
        pa.field(f"video_{side}", pa.string(), nullable=False),
        pa.field(f"track_{side}", pa.int32(), nullable=False),
        pa.field(f"frame_{side}", pa.int32()),  # first frame of the track or part
    )
]
SCHEMA = pa.schema(
    [
        *_SIDES,
        pa.field("kind", pa.string(), nullable=False),  # within a camera, or across
        pa.field("probability", pa.float32(), nullable=False),
        pa.field("similarity", pa.float32(), nullable=False),  # cosine
        pa.field("grouped", pa.bool_(), nullable=False),  # proposed as one person
        pa.field("asked", pa.int32()),  # place in the queue, from 0
    ]
)
KINDS = ("within", "across")


def check_proposals(table: pa.Table) -> list[Problem]:
    """Probabilities in 0..1; known kinds."""
    problems = []
    good = pc.and_(pc.greater_equal(table["probability"], 0), pc.less_equal(table["probability"], 1))
    if bad := len(table) - int(pc.sum(pc.fill_null(good, False)).as_py() or 0):
        problems.append(Problem("column probability", f"{bad} values do not lie in 0..1"))
    strange = set(table["kind"].unique().to_pylist()) - set(KINDS)
    problems += [
        Problem("column kind", f"'{name}' is not one of {', '.join(KINDS)}") for name in sorted(strange)
    ]
    return problems


PROPOSALS = Artefact("proposals", 1, SCHEMA, "agreid propose-identities", check_proposals)

DOUBTS_SCHEMA = pa.schema(
    [
        pa.field("video", pa.string(), nullable=False),
        pa.field("track", pa.int32(), nullable=False),
        pa.field("frame", pa.int32()),
        pa.field("group", pa.int32()),  # proposed identity; null for non-persons
        pa.field("doubt", pa.float32(), nullable=False),  # 0..1: not a person, two people, too blurred
        pa.field("reason", pa.string(), nullable=False),
    ]
)
DOUBTS = Artefact("track-doubts", 1, DOUBTS_SCHEMA, "agreid propose-identities")

VECTORS_SCHEMA = pa.schema(
    [
        pa.field("video", pa.string(), nullable=False),
        pa.field("track", pa.int32(), nullable=False),
        pa.field("frame", pa.int32()),
        pa.field("camera", pa.int32(), nullable=False),  # its place among the columns of `levels`
        pa.field("vector", pa.binary(), nullable=False),  # int8, of one scale in all rows
        pa.field("levels", pa.list_(pa.int32()), nullable=False),  # 1/10,000, towards each camera
        pa.field("twins", pa.list_(pa.int32()), nullable=False),  # rows; see `metrics/clustering/twins.py`
    ]
)
#: What the annotation page compares tracks with. The metadata hold the curves, and times of the videos.
VECTORS = Artefact("track-vectors", 1, VECTORS_SCHEMA, "agreid propose-identities")
