"""The role of every crop (train, query, gallery) per direction, and the split table."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from agreid_cli.records.split import SPLIT_SCHEMA
from agreid_cli.splitting.rows import Rows

NONE, QUERY, GALLERY = 0, 1, 2
NAME = {QUERY: "query", GALLERY: "gallery"}


@dataclass(frozen=True, eq=False)
class Roles:
    """The role of each row of a `Rows`."""

    train: np.ndarray  # bool, shape (n,)
    tested: dict[str, np.ndarray]  # direction → NONE, QUERY or GALLERY, int8 of shape (n,)
    left_out: dict[str, str] = field(
        default_factory=dict
    )  # direction allowed by the cameras → why it is left out

    def plays(self, *parts: int) -> np.ndarray:
        """True if a crop has one of the roles `parts` in some direction, bool of shape (n,)."""
        found = np.zeros(len(self.train), bool)
        for column in self.tested.values():
            found |= np.isin(column, parts)
        return found


def to_table(rows: Rows, roles: Roles) -> pa.Table:
    """The split table, ordered by crop_id and then as the directions are listed.

    A train crop has one row without a direction, a test crop one row for each direction in which it has a
    role, and a crop without a role one row with role `unused`.
    """
    idle = ~roles.train & ~roles.plays(QUERY, GALLERY)
    pieces: list[tuple[np.ndarray, str, str | None]] = [(roles.train, "train", None), (idle, "unused", None)]
    for direction, column in roles.tested.items():
        pieces += [(column == part, name, direction) for part, name in NAME.items()]
    found = [
        (crop, nth, role, direction)
        for nth, (mask, role, direction) in enumerate(pieces)
        for crop in rows.crop_id[mask].tolist()
    ]
    found.sort(key=lambda row: row[:2])
    crops, _, names, directions = zip(*found, strict=True) if found else ((), (), (), ())
    return pa.table([crops, names, directions], schema=SPLIT_SCHEMA)
