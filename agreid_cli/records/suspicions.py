"""Suspicions `suspicions/1`: what is probably wrong in the annotated identities, worst first.

A track is identified by video and number, a part of a divided track by its first frame too. No command uses
suspicions as annotations.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from agreid_cli.errors import Problem
from agreid_cli.records.artefact import Artefact

#: Kind → what it says.
KINDS = {
    "wrong-identity": "a track looks like another identity, and not like its own",
    "mixed-track": "a track shows two people",
    "mixed-identity": "the tracks of an identity show two people",
    "same-person": "two identities show one person",
}
SCHEMA = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("probability", pa.float32(), nullable=False),
        pa.field("pid", pa.int64(), nullable=False),
        pa.field("other_pid", pa.int64()),  # that it looks like, or is to be joined with
        pa.field("video_a", pa.string(), nullable=False),  # the track in question
        pa.field("track_a", pa.int32(), nullable=False),
        pa.field("frame_a", pa.int32()),
        pa.field("video_b", pa.string()),  # the track that it is compared with
        pa.field("track_b", pa.int32()),
        pa.field("frame_b", pa.int32()),
        pa.field("frame_from", pa.int32()),  # of mixed tracks: the crops of the one person
        pa.field("frame_to", pa.int32()),
        pa.field("apart", pa.list_(pa.string())),  # of mixed identities: the tracks of the one person
        pa.field("reason", pa.string(), nullable=False),
    ]
)


def check_suspicions(table: pa.Table) -> list[Problem]:
    """Probabilities in 0..1, worst first; known kinds."""
    problems = []
    good = pc.and_(pc.greater_equal(table["probability"], 0), pc.less_equal(table["probability"], 1))
    if bad := len(table) - int(pc.sum(pc.fill_null(good, False)).as_py() or 0):
        problems.append(Problem("column probability", f"{bad} values do not lie in 0..1"))
    values = table["probability"].to_pylist()
    if values != sorted(values, reverse=True):
        problems.append(Problem("column probability", "the rows are not ordered, worst first"))
    strange = set(table["kind"].unique().to_pylist()) - set(KINDS)
    problems += [
        Problem("column kind", f"'{name}' is not one of {', '.join(KINDS)}") for name in sorted(strange)
    ]
    return problems


SUSPICIONS = Artefact("suspicions", 1, SCHEMA, "agreid check-identities", check_suspicions)
