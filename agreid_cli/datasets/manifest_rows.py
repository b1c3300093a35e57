"""Build the manifest table from the rows of a public data set."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from agreid_cli.datasets.rows import Row
from agreid_cli.records.crops import crop_row
from agreid_cli.records.image_files import without_ending
from agreid_cli.records.manifest import manifest_artefact
from agreid_cli.records.split import PUBLISHED


def manifest_table(
    rows: Sequence[Row],
    sizes: Sequence[tuple[int, int]],
    group_sizes: tuple[int, ...],
    attributes: Mapping[int, tuple[np.ndarray, np.ndarray]],
    *,
    prefix: str,
) -> pa.Table:
    """The manifest's columns, and the published roles.

    `sizes` are (width, height) of the images, `attributes` pid → (bits, known groups), and `prefix` is the
    path from the workspace to the data set. Tracklets are numbered in the order of their folders; the videos
    are unknown, so each camera and session counts as one.
    """
    crops = []
    number = {name: at for at, name in enumerate(sorted({row.tracklet for row in rows if row.tracklet}), 1)}
    ids = crop_ids([row.path for row in rows])
    for crop_id, row, size in zip(ids, rows, sizes, strict=True):
        crop_id = row.crop_id or crop_id
        path = posixpath.normpath(f"{prefix}/{row.path}")
        crop = crop_row(
            crop_id, path, camid=row.camid, platform=row.platform, size=size,
            altitude=row.altitude, session=row.session, frame=row.frame,
            video_id=_video(row) if row.tracklet else None, track_id=number.get(row.tracklet),
        )  # fmt: skip
        bits, known = attributes.get(row.pid, (None, None))
        crops.append({**crop, "pid": row.pid, "attr_bits": bits, "attr_known": known})
    table = pa.Table.from_pylist(crops, manifest_artefact(group_sizes).schema)
    return table.append_column(PUBLISHED, pa.array([";".join(row.roles) for row in rows], pa.string()))


def _video(row: Row) -> str:
    return f"c{row.camid}" + (f"-{row.session}" if row.session else "")


def crop_ids(paths: Sequence[str]) -> list[str]:
    """The path of each crop without its suffix; with it if two files differ in nothing else.

    >>> crop_ids(["a/1.jpg", "a/2.jpg", "a/2.png", "a/3"])
    ['a/1', 'a/2.jpg', 'a/2.png', 'a/3']
    """
    bare = [without_ending(path) for path in paths]
    n = Counter(bare)
    return [path if n[short] > 1 else short for path, short in zip(paths, bare, strict=True)]
