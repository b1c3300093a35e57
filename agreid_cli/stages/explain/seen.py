"""A picture to explain, and the stream's output for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.records.box_cues import Cues
from agreid_cli.records.side import Side
from agreid_cli.reporting.explain_page import Image, Shown


@dataclass(frozen=True)
class Source:
    """One picture: what it is called, its file, and what is known of it.

    bits: its attributes (M,). box: of `records.box_cues`; None is that of the file alone.
    """

    name: str
    path: Path
    bits: npt.NDArray[np.uint8] | None = None
    platform: str | None = None
    camid: int | None = None
    box: Cues | None = None


@dataclass(frozen=True)
class Seen:
    """The stream's output for an image: one row of each tensor, and the image itself.

    pixels: for the network, 1×h×w×3. side: its side information.
    """

    source: Source
    pixels: Image
    side: Side
    said: Any
    shown: Shown
    chances: npt.NDArray[np.float32]  # (M,), calibrated if the run is

    @property
    def words(self) -> npt.NDArray[np.floating[Any]]:
        """The source of its labels: known attributes if available, else the predicted probabilities."""
        bits = self.source.bits
        return self.chances if bits is None or not bits.any() else bits.astype(np.float32)
