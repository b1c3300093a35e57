"""Ranks `ranks/1`: the nearest gallery crops of every query, for other tools."""

from __future__ import annotations

import pyarrow as pa

from agreid_cli.records.artefact import Artefact

RANKS = Artefact(
    "ranks",
    1,
    pa.schema(
        [
            pa.field("direction", pa.string(), nullable=False),
            pa.field("query", pa.string(), nullable=False),  # crop_id
            pa.field("rank", pa.int32(), nullable=False),  # from 1, junk removed
            pa.field("gallery", pa.string(), nullable=False),  # crop_id
            pa.field("distance", pa.float64(), nullable=False),  # Euclidean, or 1 − cosine
            pa.field("match", pa.bool_(), nullable=False),  # has the query's pid
        ]
    ),
    "agreid evaluate --save-ranks FILE",
)
