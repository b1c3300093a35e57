"""Appearance embeddings of the persons in a frame, for trackers that use them.

The stage builds an embedder and passes it to the pipeline; trackers are independent of networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np


class Embed(Protocol):
    """`same_person`: maximum cosine distance between two embeddings of one person."""

    same_person: float

    def __call__(self, boxes: np.ndarray, frame: np.ndarray) -> np.ndarray:
        """Boxes float32 (n, 4) inside a uint8 BGR frame, to float32 (n, D) of unit length."""
