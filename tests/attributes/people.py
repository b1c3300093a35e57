"""Random people for the tests of this package."""

from __future__ import annotations

import numpy as np

from agreid_cli.attributes.bits import bits_of
from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.official import official_codebook

BOOK = official_codebook()


def people(seed: int, n: int, codebook: Codebook = BOOK, first_pid: int = 21400) -> dict[int, np.ndarray]:
    """`n` pids with random valid vectors."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, codebook.sizes, (n, len(codebook.groups)))
    return dict(zip(range(first_pid, first_pid + n), bits_of(classes, codebook), strict=True))
