"""Crops as columns: the training crops of the split with labels, or any crops to embed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agreid_cli.errors import InputError
from agreid_cli.records.box_cues import box_cues
from agreid_cli.records.crops import VIEW_OF_PLATFORM
from agreid_cli.records.manifest import JUNK_PID, attribute_matrix
from agreid_cli.records.side import VIEWS

NO_LABEL = -1


@dataclass(frozen=True)
class Samples:
    """`N` crops; every field has N rows. `label` numbers the identities 0.. in the order of their pids."""

    crop_id: np.ndarray  # N str
    path: np.ndarray  # N str, as the file is opened
    pid: np.ndarray  # N int64
    label: np.ndarray  # N int64; −1 if identities are not numbered
    camid: np.ndarray  # N int64
    view: np.ndarray  # N int64, index into VIEWS
    platform: np.ndarray  # N str
    attrs: np.ndarray | None  # N×M uint8; all zero if unknown
    box: np.ndarray | None = None  # N×8 float32, of `records.box_cues`

    def __len__(self) -> int:
        return len(self.crop_id)

    @property
    def n_ids(self) -> int:
        """The number of labels: the width of a classifier over them."""
        return int(self.label.max(initial=NO_LABEL)) + 1

    def take(self, rows: np.ndarray) -> Samples:
        """These rows; labels are renumbered, so that a removed identity leaves no gap."""
        columns: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        taken: dict[str, Any] = {
            name: None if values is None else values[rows] for name, values in columns.items()
        }
        part = Samples(**taken)
        return replace(part, label=numbered(part.pid)) if self.n_ids else part


def numbered(pid: np.ndarray) -> np.ndarray:
    """0.. for each pid in ascending order.

    >>> numbered(np.array([700, 5, 700])).tolist()
    [1, 0, 1]
    """
    return np.unique(pid, return_inverse=True)[1].astype(np.int64).reshape(-1)


def training_samples(manifest: pa.Table, split: pa.Table, folder: Path) -> Samples:
    """The crops of role `train`, without junk, with labels. `folder` is that of the manifest."""
    wanted = split["crop_id"].filter(pc.equal(split["role"], "train")).to_pylist()
    found = samples_of(manifest, wanted, folder)
    found = found.take(np.flatnonzero(found.pid != JUNK_PID))
    if not len(found):
        raise InputError(
            "the split has no training crop",
            hint="Create the split again with: agreid build-split",
        )
    return replace(found, label=numbered(found.pid))


def samples_of(manifest: pa.Table, crop_ids: Iterable[str], folder: Path) -> Samples:
    """These crops in the given order, without labels; `InputError` names those missing in the manifest."""
    row_of = {crop: row for row, crop in enumerate(manifest["crop_id"].to_pylist())}
    wanted = list(crop_ids)
    missing = [crop for crop in wanted if crop not in row_of]
    if missing:
        raise InputError(
            f"{len(missing)} crops of the split are not in the manifest, the first is {missing[0]}",
            hint="The manifest has changed since; create the split again with: agreid build-split",
        )
    rows = np.array([row_of[crop] for crop in wanted], dtype=np.int64)
    table = manifest.take(pa.array(rows))
    has_attributes = table["attr_bits"].null_count < len(table)
    platform = np.array(table["platform"].to_pylist(), dtype=str)
    return Samples(
        crop_id=np.array(wanted, dtype=str),
        path=np.array([str(folder / path) for path in table["path"].to_pylist()], dtype=str),
        pid=_ints(table, "pid"),
        label=np.full(len(rows), NO_LABEL, dtype=np.int64),
        camid=_ints(table, "camid"),
        view=np.array([VIEWS.index(VIEW_OF_PLATFORM[name]) for name in platform], dtype=np.int64),
        platform=platform,
        attrs=attribute_matrix(table) if has_attributes else None,
        box=box_cues(table),
    )


def _ints(table: pa.Table, name: str) -> np.ndarray:
    return np.asarray(table[name].to_numpy(zero_copy_only=False), dtype=np.int64)
