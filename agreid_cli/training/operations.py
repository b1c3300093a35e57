"""The operations of AutoAugment: with PIL on single images (CPU), and with torchvision on batches (GPU).

Both follow torchvision's AutoAugment with nearest interpolation and black fill.
`strength` is 0..9; `negative` inverts operations that have a direction.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

TWO_SENSES = ("ShearX", "Rotate", "Color", "Contrast", "Sharpness")


def amount(name: str, strength: int, negative: bool) -> float:
    """Degrees, pixels per row, factor, bits or threshold: the argument of the operation."""
    share = strength / 9 * (-1 if negative else 1)
    amounts = {
        "Rotate": 30 * share,
        "ShearX": 0.3 * share,
        "Posterize": 8 - round(strength / 9 * 4),
        "Solarize": 255 * (1 - strength / 9),
    }
    return amounts.get(name, 1 + 0.9 * share)


def operate_on_image(image: Any, name: str, strength: int, negative: bool) -> Any:
    """One operation on an RGB image of PIL."""
    from PIL import Image, ImageEnhance, ImageOps

    by = amount(name, strength, negative)
    if name == "Rotate":
        return image.rotate(by)
    if name == "ShearX":
        return image.transform(image.size, Image.Transform.AFFINE, (1, by, 0, 0, 1, 0))
    if name == "Posterize":
        return ImageOps.posterize(image, int(by))
    if name == "Solarize":
        return ImageOps.solarize(image, math.ceil(by - 1e-6))
    enhance: dict[str, Any] = {
        "Color": ImageEnhance.Color,
        "Contrast": ImageEnhance.Contrast,
        "Sharpness": ImageEnhance.Sharpness,
    }
    if name in enhance:
        return enhance[name](image).enhance(by)
    plain: dict[str, Any] = {
        "AutoContrast": ImageOps.autocontrast,
        "Equalize": ImageOps.equalize,
        "Invert": ImageOps.invert,
    }
    return plain[name](image)


def operate_on_batch(images: torch.Tensor, name: str, strength: int, negative: bool) -> torch.Tensor:
    """One operation on n×3×H×W uint8 images, on their device."""
    from torchvision.transforms import functional  # takes seconds to import, so only on a GPU

    by = amount(name, strength, negative)
    if name == "Rotate":
        return functional.rotate(images, by)
    if name == "ShearX":
        # torchvision expects degrees, and uses the image centre unless told otherwise.
        angle = math.degrees(math.atan(by))
        return functional.affine(images, 0, [0, 0], 1, [angle, 0.0], center=[0, 0])
    if name == "Posterize":
        return functional.posterize(images, int(by))
    if name == "Solarize":
        return functional.solarize(images, by)
    enhance = {
        "Color": functional.adjust_saturation, "Contrast": functional.adjust_contrast,
        "Sharpness": functional.adjust_sharpness,
    }  # fmt: skip
    if name in enhance:
        return enhance[name](images, by)
    plain = {
        "AutoContrast": functional.autocontrast, "Equalize": functional.equalize, "Invert": functional.invert,
    }  # fmt: skip
    return plain[name](images)


def image_of(pixels: np.ndarray) -> Any:
    """An image of PIL from H×W×3 uint8."""
    from PIL import Image

    return Image.fromarray(pixels)
