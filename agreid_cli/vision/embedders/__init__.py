"""Appearance of the persons in a frame, for trackers that match by it.

The stage builds an embedder and hands it to the pipeline; trackers know nothing of networks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np


class Embed(Protocol):
    """`same_person`: the cosine distance up to which two embeddings may be one person's."""

    same_person: float

    def __call__(self, boxes: np.ndarray, frame: np.ndarray) -> np.ndarray:
        """Boxes float32 (n, 4) inside a uint8 BGR frame, to float32 (n, D) of unit length."""
