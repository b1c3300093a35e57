"""JPEG by libjpeg, colours beyond 8 bits by OpenCV, everything else by Pillow; each as strict as possible."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from agreid_cli.records.images.depth import to_bytes
from agreid_cli.records.images.integrity import PNG, jpeg_fault
from agreid_cli.records.images.picture import Picture, check_size, flattened, opened, orientation, turned

_BITS = 258  # TIFF's tag
_NOTES = 1 << 16  # EXIF is in one of the first segments of a JPEG


def by_libjpeg(data: bytes) -> Picture:
    """A JPEG up to its end marker. Missing or damaged data is an error; it is not replaced by grey pixels."""
    import simplejpeg

    height, width, space, _ = simplejpeg.decode_jpeg_header(data, strict=False)
    check_size(height, width)
    if space in ("CMYK", "YCCK"):
        _pixels(data, "CMYK")
        with opened(io.BytesIO(data)) as image:
            return Picture(turned(np.asarray(image.convert("RGB")), orientation(image)))
    pixels = _pixels(data, "GRAY" if space == "Gray" else "RGB")
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    if b"Exif\0" not in data[:_NOTES]:
        return Picture(pixels)
    with opened(io.BytesIO(data)) as image:
        return Picture(turned(pixels, orientation(image)))


def _pixels(data: bytes, space: str) -> np.ndarray:
    import simplejpeg

    how = {"colorspace": space, "fastdct": False, "fastupsample": False}
    try:
        pixels: np.ndarray = simplejpeg.decode_jpeg(data, **how, strict=True)
    except ValueError as error:
        if fault := jpeg_fault(data, str(error)):
            raise ValueError(fault) from error
        pixels = simplejpeg.decode_jpeg(data, **how, strict=False)
    return pixels


def by_pillow(data: bytes, image: Any) -> Picture:
    """Any other file; `image` is Pillow's image, whose header has been read."""
    deep = _deep(data, image)
    image.load()  # raises for truncated files, which OpenCV would fill
    way = orientation(image)
    if deep and len(image.getbands()) > 2:
        return by_opencv(data, way=way)  # Pillow keeps only the upper 8 bits of each sample
    if image.mode in ("F", "I") or image.mode.startswith("I;16"):
        grey, said = to_bytes(np.asarray(image))
        return Picture(turned(np.repeat(grey[..., None], 3, axis=2), way), said)
    said = "" if getattr(image, "n_frames", 1) == 1 else "several frames, of which the first is used"
    if image.has_transparency_data:
        rgba = np.asarray(image.convert("RGBA"))
        pixels, filled = flattened(rgba[..., :3], rgba[..., 3])
        return Picture(turned(pixels, way), filled or said)
    return Picture(turned(np.asarray(image.convert("RGB")), way), said)


def _deep(data: bytes, image: Any) -> bool:
    """Whether samples have more than 8 bits, which Pillow cuts off for colour images."""
    if data.startswith(PNG):
        return bool(data[24] == 16)
    bits = getattr(image, "tag_v2", {}).get(_BITS, (8,))
    return any(bit > 8 for bit in (bits if isinstance(bits, tuple) else (bits,)))


def by_opencv(data: bytes, *, way: int = 1) -> Picture:
    """Colour images of 16 bits or floats, and formats unknown to Pillow; `ValueError` if not an image."""
    import cv2

    samples = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if samples is None:
        raise ValueError("not an image")
    check_size(*samples.shape[:2])
    if samples.ndim == 2:
        samples = samples[..., None]
    colour, said = to_bytes(samples[..., :3] if samples.shape[2] > 2 else samples[..., :1])
    colour = np.repeat(colour, 3, axis=2) if colour.shape[2] == 1 else colour[..., ::-1]
    if samples.shape[2] == 4:
        full = np.iinfo(samples.dtype).max if samples.dtype.kind == "u" else 1.0
        alpha = np.clip(np.rint(samples[..., 3].astype(np.float64) * (255 / full)), 0, 255)
        colour, filled = flattened(colour, alpha.astype(np.uint8))
        said = " and ".join(part for part in (said, filled) if part)
    return Picture(turned(colour, way), said)
