"""Choose query crops: some of every identity and camera, evenly spread over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agreid_cli.records.directions import Direction
from agreid_cli.splitting.matching import elsewhere
from agreid_cli.splitting.rows import Rows


@dataclass(frozen=True, eq=False)
class Sightings:
    """One entry per (identity, camera) pair: its crops are `rows[start : start + size]`."""

    pid: np.ndarray  # int64, shape (s,)
    start: np.ndarray  # int64, shape (s,)
    size: np.ndarray  # int64, shape (s,)
    quota: np.ndarray  # int64, shape (s,): number of its crops that become queries if the identity is tested
    crossing: np.ndarray  # bool, shape (s,): these queries search for the identity in the other view


def spread(n: int, k: int) -> np.ndarray:
    """`k` of the positions 0..n−1, each in the middle of its k-th part.

    >>> spread(10, 2).tolist(), spread(3, 3).tolist(), spread(7, 1).tolist()
    ([2, 7], [0, 1, 2], [3])
    """
    return (2 * np.arange(k) + 1) * n // (2 * k) if k else np.zeros(0, np.int64)


def sightings(rows: Rows, directions: Sequence[Direction], per_camera: int) -> Sightings:
    """The quota of every (identity, camera) pair, at most `per_camera`.

    A pair gets queries only if the gallery side also has the identity, so that each query has a true match.
    If the identity is itself searched for, one crop of the pair always stays in the gallery.
    """
    first = int((~rows.person).sum())  # rows are ordered by pid, so junk comes first
    pid, camid = rows.pid[first:], rows.camid[first:]
    start = first + np.flatnonzero(np.diff(pid, prepend=-1) | np.diff(camid, prepend=-1))
    size = np.diff(start, append=len(rows))
    seen = Rows(rows.crop_id[start], rows.pid[start], rows.camid[start], rows.platform[start])

    asks, searched, crossing = (np.zeros(len(start), bool) for _ in range(3))
    for row in directions:
        here, there, place = seen.on(row.query), seen.on(row.gallery), seen.place(row.junk)
        asks |= here & elsewhere(there, seen.pid, place)
        searched |= there & elsewhere(here, seen.pid, place)
        crossing |= here & elsewhere(there, seen.pid, seen.place("view"))
    quota = np.where(asks, np.minimum(per_camera, size - searched), 0)
    return Sightings(seen.pid, start, size, quota, crossing & (quota > 0))


def query_mask(n: int, seen: Sightings, test_pids: np.ndarray) -> np.ndarray:
    """True for the query crops, bool of shape (n,)."""
    mask = np.zeros(n, bool)
    for at in np.flatnonzero(np.isin(seen.pid, test_pids)):
        mask[seen.start[at] + spread(int(seen.size[at]), int(seen.quota[at]))] = True
    return mask
