"""Things that stand about and hide people: trees, lamp posts, benches, walls, planters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["tree", "lamp", "bench", "wall", "planter", "bin"]


@dataclass(frozen=True)
class Occluder:
    """One thing at (x, y) metres, turned by `heading_rad`; `size` 1 is usual."""

    kind: Kind
    x: float
    y: float
    heading_rad: float = 0.0
    size: float = 1.0
    seed: int = 0
