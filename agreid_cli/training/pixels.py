"""One crop file → its pixels at the network's size, as every other pass over the data sees them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from agreid_cli.nn.encoder import resize

#: Raised when the way from file to pixels changes, so that old caches are not used.
VERSION = 1


def read_resized(path: str | Path, size: tuple[int, int], interpolation: str) -> np.ndarray:
    """uint8 RGB of shape (height, width, 3), resized with antialiasing, turned as EXIF says.

    Raises `ValueError` with the reason when there is no whole image in the file, `OSError` when it cannot
    be opened.
    """
    return resize(_decode(path), size, interpolation)


#: How a whole file of each kind begins, and what stands near its end.
_MARKS = ((b"\xff\xd8\xff", b"\xff\xd9"), (b"\x89PNG\r\n\x1a\n", b"IEND"))
_NEAR = 4096


def _decode(path: str | Path) -> np.ndarray:
    """uint8 RGB h×w×3: whole JPEG and PNG files by OpenCV, the quick, all else by PIL, the strict."""
    data = np.fromfile(path, dtype=np.uint8)
    if not len(data):
        raise ValueError("the file is empty")
    start, end = data[:8].tobytes(), data[-_NEAR:].tobytes()
    if any(start.startswith(first) and last in end for first, last in _MARKS):
        pixels = cv2.imdecode(data, cv2.IMREAD_COLOR)
        if pixels is not None:
            return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, dst=pixels))
    return _decode_by_pil(data)


def _decode_by_pil(data: np.ndarray) -> np.ndarray:
    import io

    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data.tobytes())) as image:
            pixels = np.array(ImageOps.exif_transpose(image).convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        text = "this is no image" if "cannot identify" in str(error) else str(error)
        raise ValueError(text) from error
    return pixels
