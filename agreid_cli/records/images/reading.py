"""The only place where image files are opened: path → uint8 RGB, or an error that gives the reason.

Only regular files are opened. Images are returned as they are displayed: rotated by EXIF, CMYK and Lab as
RGB, samples beyond 8 bits scaled (`depth`), transparent parts over `picture.BACKGROUND`, the first of several
frames. A truncated or damaged file is refused; bytes after the end of a JPEG or PNG are ignored, and a
missing end marker, if nothing else is missing, is added.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

from agreid_cli.errors import first_line
from agreid_cli.records.images import decoders
from agreid_cli.records.images.integrity import JPEG, PNG, check_riff, ends, trimmed_jpeg, trimmed_png
from agreid_cli.records.images.picture import ON_ITS_SIDE, TOO_LARGE, Picture, opened, orientation
from agreid_cli.records.regular import irregular

__all__ = ["Picture", "decode", "picture_size", "read_picture"]

_TAIL = 64


def read_picture(path: str | Path) -> Picture:
    """The decoded file; see the module for the rules.

    Raises `ValueError` with the reason if the file is not a complete image, `OSError` if it cannot be opened.
    """
    _check_regular(path)
    return decode(Path(path).read_bytes())


def decode(data: bytes) -> Picture:
    """The same for the bytes of a file."""
    if not data:
        raise ValueError("the file is empty")
    try:
        return _decode(data)
    except MemoryError as error:
        raise ValueError("the image does not fit into memory") from error
    except Exception as error:  # Pillow and OpenCV raise many types for damaged files
        raise ValueError(_reason(error)) from error


def picture_size(path: str | Path) -> tuple[int, int]:
    """(width, height) as displayed, from the header; the file is decoded only if its end is not where it
    should be.

    Raises as `read_picture` does for faults that show without decoding.
    """
    _check_regular(path)
    with open(path, "rb") as file:
        head, size = file.read(16), os.fstat(file.fileno()).st_size
        if not size:
            raise ValueError("the file is empty")
        file.seek(max(0, size - _TAIL))
        if not ends(file.read(), head, size):
            file.seek(0)
            decode(file.read())
        file.seek(0)
        try:
            with opened(file) as image:
                width, height = image.size
                noted = "exif" in image.info and image.format != "TIFF"  # whose size Pillow gives turned
                if noted and orientation(image) in ON_ITS_SIDE:
                    width, height = height, width
        except Exception as error:
            raise ValueError(_reason(error)) from error
    return width, height


def _check_regular(path: str | Path) -> None:
    if what := irregular(os.stat(path).st_mode):
        raise ValueError(f"it is {what}")


def _decode(data: bytes) -> Picture:
    from PIL import UnidentifiedImageError

    if data.startswith(JPEG):
        return decoders.by_libjpeg(trimmed_jpeg(data))
    if data.startswith(PNG):
        data = trimmed_png(data)
    elif data.startswith(b"RIFF"):
        check_riff(data)
    try:
        image = opened(io.BytesIO(data))
    except UnidentifiedImageError:
        return decoders.by_opencv(data)  # TIFF with three float channels, Radiance HDR
    with image:
        return decoders.by_pillow(data, image)


def _reason(error: Exception) -> str:
    """One sentence without the library's own names and objects."""
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "not an image"
    if isinstance(error, Image.DecompressionBombError):
        return TOO_LARGE
    text = first_line(error)
    return "the file ends early: it is truncated" if "truncated" in text.lower() else text
