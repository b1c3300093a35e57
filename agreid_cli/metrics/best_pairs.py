"""Distances of tracks by their best-matching pair of crops: the smallest of all distances between the two.

A matrix product preselects the pairs that may be the smallest; their exact distance (`ranking/exact.py`)
decides. So equal crops give exactly equal distances, and ties count as they do between crops.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.pooling import Ints, steps
from agreid_cli.metrics.ranking.exact import Float64, squared_distances, unit_rows

QUERY_ROWS, GALLERY_ROWS = 256, 4096
EXACT_VALUES = 1 << 22  # values of vectors compared exactly at a time, 32 MB
_UNIT = np.finfo(np.float64).eps / 2


@dataclass(frozen=True)
class Members:
    """The crops of tracks. rows: (crops, D), anything with `shape` and slices; track t has the rows start[t]
    to start[t + 1].
    """

    rows: Any
    start: Ints

    def __len__(self) -> int:
        return len(self.start) - 1

    def read(self, first: int, last: int, *, unit: bool) -> tuple[Float64, Ints]:
        """The rows of a run of tracks, and where each begins among them."""
        rows = np.asarray(self.rows[self.start[first] : self.start[last]], np.float64)
        return unit_rows(rows) if unit else rows, self.start[first:last] - self.start[first]


@dataclass(frozen=True)
class BestPairs:
    """(queries, gallery) distances between tracks, computed for a slice of the queries at a time.

    metric: cosine (1 - cosine similarity) or euclidean. Both sides have at least one crop in every track.
    """

    query: Members
    gallery: Members
    metric: str

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.query), len(self.gallery)

    def __getitem__(self, some: slice) -> Float64:
        start, stop, _ = some.indices(len(self.query))
        tracks = Members(self.query.rows, self.query.start[start : stop + 1])
        squared = np.full((max(stop - start, 0), len(self.gallery)), np.inf)
        unit = self.metric == "cosine"
        for g_first, g_last in steps(self.gallery.start, GALLERY_ROWS):
            gallery, g_at = self.gallery.read(g_first, g_last, unit=unit)
            for q_first, q_last in steps(tracks.start, QUERY_ROWS):
                query, q_at = tracks.read(q_first, q_last, unit=unit)
                squared[q_first:q_last, g_first:g_last] = _smallest(query, q_at, gallery, g_at, unit=unit)
        return squared / 2 if unit else np.sqrt(squared)


def _smallest(query: Float64, q_at: Ints, gallery: Float64, g_at: Ints, *, unit: bool) -> Float64:
    """The smallest exact squared distance between the rows of each two tracks, (queries, gallery).

    q_at, g_at: the first row of each track.
    """
    q_long, g_long = (np.vecdot(rows, rows) for rows in (query, gallery))
    about = q_long[:, None] + g_long[None, :] - 2 * (query @ gallery.T)
    if unit:
        about[~(q_long > 0), :] = about[:, ~(g_long > 0)] = 2.0  # as in `squared_distances`
    # The product and both lengths are each wrong by at most this much.
    reach = (np.sqrt(q_long.max(initial=0)) + np.sqrt(g_long.max(initial=0))) ** 2
    doubt = 4 * (query.shape[1] + 4) * _UNIT * reach
    least = np.minimum.reduceat(np.minimum.reduceat(about, g_at, axis=1), q_at, axis=0)
    q_of, g_of = (_track_of(at, len(rows)) for at, rows in ((q_at, query), (g_at, gallery)))
    row, column = np.nonzero(about <= least[q_of][:, g_of] + 2 * doubt)
    found = np.full(least.shape, np.inf)
    step = max(1, EXACT_VALUES // query.shape[1])
    for first in range(0, len(row), step):
        r, c = row[first : first + step], column[first : first + step]
        np.minimum.at(found, (q_of[r], g_of[c]), squared_distances(query[r], gallery[c], unit=unit))
    return found


def _track_of(at: Ints, n: int) -> npt.NDArray[np.intp]:
    return np.repeat(np.arange(len(at)), np.diff(at, append=n))
