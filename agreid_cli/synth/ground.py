"""The ground of the campus: paths, grass, kerbs and markings, painted once from a seed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ground:
    """A square of `extent_m` metres around the origin that repeats beyond; the seed lays out its paths."""

    seed: int = 0
    extent_m: float = 80.0
