"""Tracks and their annotations as rows of the manifest, of identities.csv and of annotation tools' tables."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa

from agreid_cli.attributes.attributes_csv import AttributeRows, read_attributes
from agreid_cli.attributes.bits import known_of
from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.identities_csv import Identities, read_identities
from agreid_cli.attributes.official import official_codebook
from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.datasets.annotation_files import LABEL
from agreid_cli.errors import Problems
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.crops import CROPS
from agreid_cli.records.manifest import CODEBOOK_KEY, JUNK_PID
from agreid_cli.records.workspace import Workspace

Track = tuple[str, int]
_CROPS_FOLDER = "crops"
_OWN = ("pid", "attr_bits", "attr_known")


def tracks_of(crops: pa.Table) -> list[Track | None]:
    """The track of each crop, None if the crop belongs to no track."""
    pairs = zip(crops["video_id"].to_pylist(), crops["track_id"].to_pylist(), strict=True)
    return [None if video is None or track is None else (video, track) for video, track in pairs]


def joined(
    crops: pa.Table, pids: Sequence[int | None], vectors: Mapping[int, np.ndarray], codebook: Codebook
) -> pa.Table:
    """The crops that have a pid, with pid and attributes, sorted by crop_id.

    Junk and people without attributes have null attributes. Paths become relative to the workspace.
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


HEADER = ("video_id", "track_id", "frame_from", "frame_to", "pid")


@dataclass(frozen=True)
class Run:
    """Consecutive crops of one track, from the frame of the first to that of the last; None = unknown."""

    track: Track
    first: int | None
    last: int | None
    pid: int | None


def identity_rows(runs: Iterable[Run]) -> list[list[object]]:
    """One row per run, in the given order; adjacent runs of one pid are merged, a whole track has no frames.

    >>> identity_rows([Run(("a", 1), 0, 30, 5), Run(("a", 1), 60, 90, 5), Run(("a", 2), 0, 0, 5),
    ...                Run(("a", 2), 30, 60, None)])
    [['a', 1, '', '', 5], ['a', 2, 0, 0, 5], ['a', 2, 30, 60, None]]
    """
    rows: list[list[object]] = []
    for track, of_track in groupby(runs, key=lambda run: run.track):
        parts: list[Run] = []
        for run in of_track:
            if parts and parts[-1].pid == run.pid:
                parts[-1] = Run(track, parts[-1].first, run.last, run.pid)
            else:
                parts.append(run)
        if len(parts) == 1:
            rows.append([*track, "", "", parts[0].pid])
        else:
            rows += [[*track, part.first, part.last, part.pid] for part in parts]
    return rows


def annotation_table(workspace: Workspace, manifest: ManifestConfig, progress: Progress = SILENT) -> pa.Table:
    """Crops with `pid` (null: not annotated yet) and a column `label:<group>` per group, and the codebook.

    It is built from identities.csv and attributes.csv, not from the manifest, which leaves out people without
    a pid, and whose bits do not distinguish age bands.
    """
    crops = CROPS.read(workspace.crops)
    codebook = official_codebook(manifest.age_fold).excluding(manifest.exclude)
    tracks = tracks_of(crops)
    problems = Problems()
    who = Identities({})
    if workspace.identities.is_file():
        who = read_identities(workspace.identities, {t for t in tracks if t is not None}, problems)
    told = AttributeRows({}, [])
    if workspace.attributes.is_file():
        told = read_attributes(workspace.attributes, codebook, problems)
    problems.raise_if_any("{n} problems in the annotations; nothing was written")
    for note in (*who.notes, *told.notes):
        progress.note(note)
    frames = crops["frame"].to_pylist()
    pids = [who.pid(t, frame) if t else None for t, frame in zip(tracks, frames, strict=True)]
    table = crops.drop_columns([name for name in ("pid",) if name in crops.column_names])
    table = table.append_column("pid", pa.array(pids, pa.int64()))
    for group in codebook.names:
        words = [told.labels.get(pid, {}).get(group) or None if pid is not None else None for pid in pids]
        table = table.append_column(LABEL + group, pa.array(words, pa.string()))
    return table.replace_schema_metadata({f"agreid.{CODEBOOK_KEY}": codebook.to_json()})
