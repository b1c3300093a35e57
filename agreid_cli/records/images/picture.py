"""A decoded image, and what every decoder does to it: turned as EXIF says, flattened, of a bearable size."""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Refused beyond: Pillow's own limit, against images of a few bytes that unpack into all of the memory.
MOST_PIXELS = 89_478_485
TOO_LARGE = f"it has more than {MOST_PIXELS:,} pixels, which are refused"
#: RGB under transparent parts: ImageNet's mean, which is 0 to a network, and what random erasing paints.
BACKGROUND = (124, 116, 104)
_ORIENTATION = 0x0112
#: What turns pixels as each EXIF orientation asks.
_TURNS: dict[int, Any] = {
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.swapaxes(np.rot90(a, 2), 0, 1),
    8: lambda a: np.rot90(a, 1),
}


@dataclass(frozen=True)
class Picture:
    """pixels: uint8 RGB (height, width, 3). converted: what else than the colour space was changed, or ""."""

    pixels: np.ndarray
    converted: str = ""


def check_size(height: int, width: int) -> None:
    """`ValueError` for more pixels than are decoded."""
    if height * width > MOST_PIXELS:
        raise ValueError(TOO_LARGE)


def opened(file: Any) -> Any:
    """Pillow's image, of which only the header has been read; `ValueError` when it has too many pixels."""
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
    """EXIF's, 1 to 8; 1 where there is none, or the notes are damaged, which does no harm to the pixels."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        return 1


def turned(pixels: np.ndarray, way: int) -> np.ndarray:
    """The pixels as EXIF's orientation `way` asks them to be shown; contiguous and writable."""
    turn = _TURNS.get(way)
    return np.require(turn(pixels) if turn else pixels, requirements=["C", "W"])


def flattened(colour: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, str]:
    """Colour over `BACKGROUND`, weighed by alpha 0..255, and what was done; nothing where all is opaque.

    Raises `ValueError` when nothing is opaque.
    """
    if (alpha == 255).all():
        return colour, ""
    if not alpha.any():
        raise ValueError("it is transparent everywhere")
    share = alpha[..., None].astype(np.float64) / 255
    mixed = colour * share + np.array(BACKGROUND) * (1 - share)
    return np.rint(mixed).astype(np.uint8), "transparent parts"
