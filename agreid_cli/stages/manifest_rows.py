"""The rows of a manifest: crops, who they show, and what these people look like."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from agreid_cli.attributes.bits import known_of
from agreid_cli.attributes.codebook import Codebook
from agreid_cli.records.manifest import JUNK_PID

Track = tuple[str, int]
_CROPS_FOLDER = "crops"
_OWN = ("pid", "attr_bits", "attr_known")


def tracks_of(crops: pa.Table) -> list[Track | None]:
    """The track of each crop, None where the crop was cut from no track."""
    pairs = zip(crops["video_id"].to_pylist(), crops["track_id"].to_pylist(), strict=True)
    return [None if video is None or track is None else (video, track) for video, track in pairs]


def joined(
    crops: pa.Table, pids: Sequence[int | None], vectors: Mapping[int, np.ndarray], codebook: Codebook
) -> pa.Table:
    """The crops that have a pid, with pid and attributes, sorted by crop_id.

    Junk and people without attributes have null there. Paths become relative to the workspace.
    """
    keep = pa.array([pid is not None for pid in pids], pa.bool_())
    table = crops.drop_columns([name for name in _OWN if name in crops.column_names]).filter(keep)
    kept = [pid for pid in pids if pid is not None]
    at = table.column_names.index("path")
    paths = pa.array([_from_workspace(path) for path in table["path"].to_pylist()], pa.string())
    table = table.set_column(at, table.field(at), paths)
    order = sorted({pid for pid in kept if pid in vectors and pid != JUNK_PID})
    matrix = np.array([vectors[pid] for pid in order], dtype=np.uint8).reshape(len(order), codebook.n_bits)
    places = {pid: place for place, pid in enumerate(order)}
    rows = pa.array([places.get(pid) for pid in kept], pa.int64())
    for name, values, kind in (
        ("attr_bits", matrix, pa.uint8()),
        ("attr_known", known_of(matrix, codebook), pa.bool_()),
    ):
        lists = pa.array(values.tolist(), pa.list_(kind, values.shape[1]))
        table = table.append_column(name, lists.take(rows))
    table = table.append_column("pid", pa.array(kept, pa.int64()))
    return table.sort_by("crop_id")


def _from_workspace(path: str) -> str:
    """A crop's path, relative to its table, as one relative to the workspace.

    >>> _from_workspace("images/a.jpg"), _from_workspace("../AG-ReID/a.jpg"), _from_workspace("/data/a.jpg")
    ('crops/images/a.jpg', 'AG-ReID/a.jpg', '/data/a.jpg')
    """
    drive = len(path) > 1 and path[1] == ":"
    if posixpath.isabs(path) or drive:
        return path
    return posixpath.normpath(posixpath.join(_CROPS_FOLDER, path))
