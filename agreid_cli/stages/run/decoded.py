"""Image files as pixels for a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agreid_cli.cores import usable_cores
from agreid_cli.errors import InputError, Problem
from agreid_cli.training.pixels import read_converted
from agreid_cli.training.threads import one_core_each

MOST_NAMED = 20


class Decoded:
    """Image files that are decoded when a slice of them is taken; bad ones are named together."""

    def __init__(self, paths: Sequence[Path], size: tuple[int, int], interpolation: str) -> None:
        self.paths, self.size, self.interpolation = paths, size, interpolation
        self.converted: Counter[str] = Counter()
        self.pool = one_core_each(usable_cores(), "decode")

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, rows: slice) -> npt.NDArray[np.uint8]:
        made = list(self.pool.map(self._one, self.paths[rows]))
        bad = [item for item in made if isinstance(item, Problem)]
        if bad:
            raise InputError(f"{len(bad)} crops cannot be read", problems=bad[:MOST_NAMED])
        read = [item for item in made if not isinstance(item, Problem)]
        self.converted.update(what for _, what in read if what)
        return np.stack([pixels for pixels, _ in read])

    def _one(self, path: Path) -> tuple[npt.NDArray[np.uint8], str] | Problem:
        try:
            return read_converted(path, self.size, self.interpolation)
        except (OSError, ValueError) as error:
            return Problem(repr(str(path))[1:-1], getattr(error, "strerror", None) or str(error))
