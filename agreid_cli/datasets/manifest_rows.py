"""Rows of a public data set → the manifest table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from agreid_cli.datasets.rows import Row
from agreid_cli.records.manifest import manifest_artefact

#: The column of published roles, which `build-split --like published` reads.
PUBLISHED = "published"


def manifest_table(
    rows: Sequence[Row],
    sizes: Sequence[tuple[int, int]],
    group_sizes: tuple[int, ...],
    attributes: Mapping[int, tuple[np.ndarray, np.ndarray]],
    *,
    prefix: str,
) -> pa.Table:
    """The manifest's columns, and the published roles.

    `sizes` are (width, height) of the images, `attributes` pid → (bits, known groups), and `prefix` leads
    from the workspace to the data set. A crop's id is its path in the data set without the suffix.
    """
    nothing = (None, None)
    columns: dict[str, list[Any]] = {
        "crop_id": [row.path.rpartition(".")[0] for row in rows],
        "path": [f"{prefix}/{row.path}" for row in rows],
        "camid": [row.camid for row in rows],
        "platform": [row.platform for row in rows],
        "altitude": [row.altitude for row in rows],
        "session": [row.session for row in rows],
        "frame": [row.frame for row in rows],
        "width": [width for width, _ in sizes],
        "height": [height for _, height in sizes],
        "pid": [row.pid for row in rows],
        "attr_bits": [attributes.get(row.pid, nothing)[0] for row in rows],
        "attr_known": [attributes.get(row.pid, nothing)[1] for row in rows],
    }
    schema = manifest_artefact(group_sizes).schema
    arrays = [
        pa.array(columns[field.name], field.type)
        if field.name in columns
        else pa.nulls(len(rows), field.type)
        for field in schema
    ]
    table = pa.Table.from_arrays(arrays, schema=schema)
    return table.append_column(PUBLISHED, pa.array([";".join(row.roles) for row in rows], pa.string()))
