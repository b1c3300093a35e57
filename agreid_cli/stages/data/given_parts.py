"""Crops whose part is given as train or test only: queries and gallery are chosen among the test crops."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agreid_cli.config.build_split import SplitConfig
from agreid_cli.errors import InputError
from agreid_cli.progress import Progress
from agreid_cli.records.split import PUBLISHED
from agreid_cli.splitting.directions import choose_directions
from agreid_cli.splitting.own import column_of
from agreid_cli.splitting.queries import query_mask, sightings
from agreid_cli.splitting.roles import NAME
from agreid_cli.splitting.rows import people, rows_of

TEST = "test"


def divide_test_part(table: pa.Table, progress: Progress) -> pa.Table:
    """The manifest with `test` replaced by the roles that `build-split` would give to these crops.

    Without a crop of the part `test` the table is returned unchanged. If no direction can be tested, the test
    crops have no role, with a warning.
    """
    roles = dict(zip(table["crop_id"].to_pylist(), table[PUBLISHED].to_pylist(), strict=True))
    chosen = table.filter(pc.equal(table[PUBLISHED], TEST))
    if not len(chosen):
        return table
    roles |= dict.fromkeys(chosen["crop_id"].to_pylist(), "")
    rows = rows_of(chosen)
    try:
        directions = choose_directions(rows)
    except InputError as error:
        progress.warn(f"the test crops have no role: {error.message}")
        directions = []
    if directions:
        seen = sightings(rows, directions, SplitConfig().queries_per_camera)
        asks = query_mask(len(rows), seen, people(rows))
        everyone = np.ones(len(rows), bool)
        found: dict[str, list[str]] = {}
        for direction in directions:
            column = column_of(rows, direction, asks, everyone)
            for part, name in NAME.items():
                for crop in rows.crop_id[column == part].tolist():
                    found.setdefault(crop, []).append(f"{name}:{direction.name}")
        roles |= {crop: ";".join(said) for crop, said in found.items()}
        progress.note(
            f"queries and gallery were chosen among the {len(rows):,} test crops: {len(found):,} have a role"
        )
    words = pa.array([roles[crop] for crop in table["crop_id"].to_pylist()], pa.string())
    return table.set_column(table.column_names.index(PUBLISHED), PUBLISHED, words)
