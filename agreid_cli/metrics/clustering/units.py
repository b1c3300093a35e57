"""What is clustered: tracks, or parts of divided tracks, each with one vector, a camera and a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Units:
    """n tracks. vectors: float32 (n, D) of unit length. camera, video: numbers, int64 (n,).

    first, last: the time of the first and the last crop, float64 (n,), NaN where it is not known. Times are
    compared within a video, and between two videos only if `blind` (bool (videos, videos), symmetric) says
    that their clocks agree and that no place is seen by both. twins: pairs a < b that may be one person
    although they overlap in time, int64 (m, 2) (see `twins.py`).
    """

    vectors: Floats
    camera: Ints
    video: Ints
    first: npt.NDArray[np.float64]
    last: npt.NDArray[np.float64]
    blind: Bools | None = None
    twins: Ints | None = None

    def __len__(self) -> int:
        return len(self.camera)

    def take(self, rows: Ints) -> Units:
        """Some of the tracks, in ascending order."""
        twins = self.twins
        if twins is not None:
            twins = np.searchsorted(rows, twins[np.isin(twins, rows).all(axis=1)])
        return Units(
            self.vectors[rows], self.camera[rows], self.video[rows], self.first[rows], self.last[rows],
            self.blind, twins,
        )  # fmt: skip

    def apart(self, rows: Ints, columns: Ints) -> Bools:
        """Whether two tracks cannot be one person because both are seen at one time: bool (rows, columns).

        A track is not apart from itself.
        """
        return self.overlapping(rows[:, None], columns[None, :])

    def overlapping(self, a: Ints, b: Ints) -> Bools:
        """The same for pairs of tracks: `a` and `b` are broadcast, and so is the result."""
        comparable = self.video[a] == self.video[b]
        if self.blind is not None:
            comparable |= self.blind[self.video[a], self.video[b]]
        overlap = (self.first[a] <= self.last[b]) & (self.first[b] <= self.last[a])
        found = np.asarray(comparable & overlap & (a != b), np.bool_)
        if self.twins is not None and len(self.twins) and found.any():
            i, j = (side[found] for side in np.broadcast_arrays(a, b))
            twin = self.twins[:, 0] * len(self) + self.twins[:, 1]
            found[found] = ~np.isin(np.minimum(i, j) * len(self) + np.maximum(i, j), twin)
        return found


def unit_length(vectors: Floats) -> Floats:
    """Rows of unit length; a row of zeros stays."""
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norm, 1e-12), np.float32)


def centred(vectors: Floats, camera: Ints) -> Floats:
    """Rows minus the mean of their camera, of unit length: takes out what a camera adds to every crop.

    A camera with fewer than three rows is left as it is, because its mean would be its only person.
    """
    out = np.array(vectors, np.float32)
    for number in np.unique(camera):
        mine = camera == number
        if mine.sum() >= 3:
            out[mine] -= out[mine].mean(axis=0)
    return unit_length(out)


def pooled(vectors: Floats, group: Ints, weight: npt.NDArray[np.float64] | Sequence[float]) -> Floats:
    """The weighted mean of each group's rows, of unit length: (groups, D), in order of the group numbers.

    >>> pooled(np.float32([[1, 0], [0, 1], [1, 0]]), np.array([0, 1, 1]), [1.0, 3.0, 1.0]).round(2).tolist()
    [[1.0, 0.0], [0.3199999928474426, 0.949999988079071]]
    """
    n = int(group.max(initial=-1)) + 1
    sums = np.zeros((n, vectors.shape[1]), np.float64)
    np.add.at(sums, group, vectors * np.asarray(weight, np.float64)[:, None])
    return unit_length(sums.astype(np.float32))
