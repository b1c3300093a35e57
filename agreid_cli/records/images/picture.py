"""A decoded image, and what every decoder does to it: rotate by EXIF, flatten, limit the size."""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Larger images are refused: Pillow's own limit, against small files that expand to fill the memory.
MOST_PIXELS = 89_478_485
TOO_LARGE = f"it has more than {MOST_PIXELS:,} pixels, which are refused"
#: RGB under transparent parts: ImageNet's mean, which is 0 after normalisation and also used by random
#: erasing.
BACKGROUND = (124, 116, 104)
_ORIENTATION = 0x0112
#: The transformation of the pixels for each EXIF orientation.
_TURNS: dict[int, Any] = {
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.swapaxes(np.rot90(a, 2), 0, 1),
    8: lambda a: np.rot90(a, 1),
}
ON_ITS_SIDE = (5, 6, 7, 8)  # orientations that swap width and height


@dataclass(frozen=True)
class Picture:
    """pixels: uint8 RGB (height, width, 3). converted: what was changed besides the colour space, or ""."""

    pixels: np.ndarray
    converted: str = ""


def check_size(height: int, width: int) -> None:
    """Raise `ValueError` if there are more pixels than agreid decodes."""
    if height * width > MOST_PIXELS:
        raise ValueError(TOO_LARGE)


def opened(file: Any) -> Any:
    """Pillow's image with only its header read; `ValueError` if it has too many pixels."""
    from PIL import Image

    _no_bomb_warnings()
    image = Image.open(file)
    check_size(image.height, image.width)
    return image


@functools.cache
def _no_bomb_warnings() -> None:
    from PIL import Image

    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # such images are refused


def orientation(image: Any) -> int:
    """The EXIF orientation, 1 to 8; 1 if it is missing or damaged, which does not affect the pixels."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        return 1


def turned(pixels: np.ndarray, way: int) -> np.ndarray:
    """The pixels rotated or mirrored for the EXIF orientation `way`; contiguous and writable."""
    turn = _TURNS.get(way)
    return np.require(turn(pixels) if turn else pixels, requirements=["C", "W"])


def flattened(colour: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, str]:
    """Colour over `BACKGROUND`, weighted by alpha 0..255, and a description ("" if everything is opaque).

    Raises `ValueError` if all pixels are transparent.
    """
    if (alpha == 255).all():
        return colour, ""
    if not alpha.any():
        raise ValueError("all of it is transparent")
    share = alpha[..., None].astype(np.float64) / 255
    mixed = colour * share + np.array(BACKGROUND) * (1 - share)
    return np.rint(mixed).astype(np.uint8), "transparent parts"
