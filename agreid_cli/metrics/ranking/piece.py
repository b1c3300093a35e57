"""A piece of the gallery: some of its rows, unconverted, and their positions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.ranking.features import Index, Rows


@dataclass
class Piece:
    """`raw` are the gallery's rows at `place`: a slice of neighbouring rows, or individual rows."""

    place: slice | Index
    raw: Rows
    _first_twin: npt.NDArray[np.intp] | None = None

    def item(self, row: npt.NDArray[np.intp]) -> Index:
        """Gallery rows of these rows of the piece."""
        return row + self.place.start if isinstance(self.place, slice) else self.place[row]

    def part(self, start: int, stop: int) -> Piece:
        """The rows of the piece from `start` to `stop`."""
        if isinstance(self.place, slice):
            begin = self.place.start
            return Piece(slice(begin + start, begin + stop), self.raw[start:stop])
        return Piece(self.place[start:stop], self.raw[start:stop])

    def some(self, rows: npt.NDArray[np.intp]) -> Piece:
        """A copy of some rows of the piece."""
        return Piece(self.item(rows), self.raw[rows])

    def first_twin(self) -> npt.NDArray[np.intp]:
        """For each row the first row of the piece with the same bytes."""
        if self._first_twin is None:
            rows = np.ascontiguousarray(self.raw)
            keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
            _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
            self._first_twin = first[inverse]
        return self._first_twin
