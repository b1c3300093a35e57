"""The manifest columns that a split depends on, in an order independent of the file's row order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from agreid_cli.records.crops import VIEW_OF_PLATFORM
from agreid_cli.records.directions import Junk

#: Identity and camera first, then time, then the crop id, which is unique.
ORDER = ("pid", "camid", "session", "video_id", "frame", "time_s", "crop_id")
AERIAL = tuple(platform for platform, view in VIEW_OF_PLATFORM.items() if view == "aerial")


@dataclass(frozen=True, eq=False)
class Rows:
    """One entry per crop in every array, ordered by identity, camera, time and name."""

    crop_id: np.ndarray  # str, shape (n,)
    pid: np.ndarray  # int64, shape (n,); below 0 is junk
    camid: np.ndarray  # int16, shape (n,)
    platform: np.ndarray  # str, shape (n,)

    def __len__(self) -> int:
        return len(self.pid)

    @property
    def person(self) -> np.ndarray:
        """True if the crop shows a known person, bool of shape (n,)."""
        return np.asarray(self.pid >= 0)

    @property
    def aerial(self) -> np.ndarray:
        """True if the crop is aerial, bool of shape (n,)."""
        return self.on(AERIAL)

    def on(self, platforms: Sequence[str]) -> np.ndarray:
        """True if the crop comes from one of `platforms` (any if empty), bool of shape (n,)."""
        return np.isin(self.platform, platforms) if platforms else np.ones(len(self), bool)

    def place(self, junk: Junk) -> np.ndarray:
        """What must differ between a query and its true match: camera or view, int of shape (n,)."""
        return self.camid if junk == "camid" else self.aerial.astype(np.int16)


def rows_of(table: pa.Table) -> Rows:
    """The rows of a manifest table, independent of its row order."""
    keys = [name for name in ORDER if name in table.column_names]
    table = table.select([*keys, "platform"]).sort_by([(name, "ascending") for name in keys])
    return Rows(
        crop_id=table["crop_id"].to_numpy().astype(str),
        pid=table["pid"].to_numpy().astype(np.int64),
        camid=table["camid"].to_numpy().astype(np.int16),
        platform=table["platform"].to_numpy().astype(str),
    )


def people(rows: Rows, mask: np.ndarray | None = None) -> np.ndarray:
    """The distinct identities (among the rows of `mask`), ascending, without junk; int64 of shape (m,)."""
    return np.unique(rows.pid[rows.person if mask is None else rows.person & mask])


def both_views(rows: Rows, mask: np.ndarray | None = None) -> np.ndarray:
    """The identities seen in both views by the rows (of `mask`), ascending."""
    chosen = np.ones(len(rows), bool) if mask is None else mask
    return np.intersect1d(people(rows, chosen & rows.aerial), people(rows, chosen & ~rows.aerial))
