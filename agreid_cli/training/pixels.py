"""Read one crop file as pixels at the network's size, identically for all uses of the data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from agreid_cli.nn.encoder import resize
from agreid_cli.records.images.reading import read_picture

#: Increased when the path from file to pixels changes, so that old caches are not used.
VERSION = 2


def read_resized(path: str | Path, size: tuple[int, int], interpolation: str) -> np.ndarray:
    """uint8 RGB of shape (height, width, 3), resized with antialiasing, rotated according to EXIF.

    Raises `ValueError` with the reason if the file is not a complete image, `OSError` if it cannot
    be opened.
    """
    return read_converted(path, size, interpolation)[0]


def read_converted(path: str | Path, size: tuple[int, int], interpolation: str) -> tuple[np.ndarray, str]:
    """The same, and what was converted (samples beyond 8 bits, transparency), or ""."""
    picture = read_picture(path)
    return resize(picture.pixels, size, interpolation), picture.converted


def said_of(converted: Mapping[str, int]) -> str:
    """A text on how many images were converted and from what; "" for none.

    >>> said_of({"12 of 16 bits": 2, "transparent parts": 1})
    '3 images were converted to 8-bit RGB: 2 with 12 of 16 bits, 1 with transparent parts'
    """
    if not converted:
        return ""
    n = sum(converted.values())
    kinds = ", ".join(f"{count} with {kind}" for kind, count in sorted(converted.items()))
    return f"{n} image{'s were' if n > 1 else ' was'} converted to 8-bit RGB: {kinds}"
