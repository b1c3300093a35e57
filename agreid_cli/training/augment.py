"""Augmentation of a batch: all random choices are drawn first, on the CPU, then applied on any device.

Order: AutoAugment, pad and crop, flip, normalise, erase (a normalised zero is the mean colour). fast-reid
applies AutoAugment before resizing; here it comes after it, since cached crops are already resized.
There are two implementations: row by row with copies, which suits a CPU, and all at once by gathering, which
suits a GPU. They give the same pixels, except for AutoAugment, which uses PIL on the CPU and torch on the
GPU.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from agreid_cli.config.data import AugmentConfig
from agreid_cli.training.policy import (
    PolicyDraw,
    apply_policy,
    apply_policy_by_pil,
    changed_rows,
    draw_policy,
)

ERASE_TRIES = 10  # boxes tried before a crop is left unchanged, as in torchvision


@dataclass(frozen=True)
class Draws:
    """The random choices for each of B crops; in output pixels."""

    policy: PolicyDraw
    flip: torch.Tensor  # B bool
    shift: torch.Tensor  # B×2 int64: output (0, 0) shows input (dy, dx)
    box: torch.Tensor  # B×4 int64: top, left, height, width of the erased box; height 0: none
    noise: torch.Tensor | None = None  # B×2 int64: where in `noise_field` the box's fill begins; None: zero

    def part(self, rows: slice) -> Draws:
        return Draws(
            self.policy.part(rows),
            self.flip[rows],
            self.shift[rows],
            self.box[rows],
            None if self.noise is None else self.noise[rows],
        )


def draw(n: int, config: AugmentConfig, size: tuple[int, int], generator: torch.Generator) -> Draws:
    """All random choices for a batch of `n` crops of `size` (height, width)."""
    policy = draw_policy(n, config.autoaugment, generator)
    flip = torch.rand(n, generator=generator) < config.flip
    shift = torch.randint(2 * config.pad + 1, (n, 2), generator=generator) - config.pad
    boxes = _boxes(n, config, size, generator)
    noise = None
    if config.erase_fill == "noise":
        noise = torch.stack([torch.randint(side, (n,), generator=generator) for side in size], 1)
    return Draws(policy, flip, shift, boxes, noise)


def nothing(n: int) -> Draws:
    """Draws that leave a batch unchanged."""
    policy = PolicyDraw(torch.full((n,), -1), torch.ones(n, 2), torch.zeros(n, 2, dtype=torch.bool))
    zeros = torch.zeros(n, 4, dtype=torch.int64)
    return Draws(policy, torch.zeros(n, dtype=torch.bool), zeros[:, :2], zeros)


def _boxes(n: int, config: AugmentConfig, size: tuple[int, int], generator: torch.Generator) -> torch.Tensor:
    """From ten boxes per crop, uniform in area and in the logarithm of the ratio, the first that fits
    inside."""
    height, width = size
    wanted = torch.rand(n, generator=generator) < config.erase
    drawn = torch.rand(4, n, ERASE_TRIES, generator=generator, dtype=torch.float64)
    low, high = config.erase_area
    area = height * width * (low + (high - low) * drawn[0])
    log_low, log_high = np.log(config.erase_ratio)
    ratio = torch.exp(log_low + (log_high - log_low) * drawn[1])
    tall, wide = torch.sqrt(area * ratio).round().long(), torch.sqrt(area / ratio).round().long()
    fits = (tall < height) & (wide < width)
    first = fits.int().argmax(1, keepdim=True)
    top = (drawn[2] * (height - tall + 1)).long()
    left = (drawn[3] * (width - wide + 1)).long()
    boxes = torch.stack([part.gather(1, first)[:, 0] for part in (top, left, tall, wide)], 1)
    boxes[~(wanted & fits.any(1))] = 0
    return boxes


@dataclass(frozen=True)
class Normalise:
    """uint8 pixels → (x/255 − mean)/std, as x·scale + offset per channel."""

    scale: np.ndarray  # 3 float32
    offset: np.ndarray  # 3 float32

    @classmethod
    def of(cls, mean: Sequence[float], std: Sequence[float]) -> Normalise:
        """From the mean and deviation of images in 0..1."""
        deviation = np.asarray(std, np.float64)
        scale, offset = 1 / (255 * deviation), -np.asarray(mean, np.float64) / deviation
        return cls(scale.astype(np.float32), offset.astype(np.float32))

    def over(self, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Scale and offset for every value of a crop, H×(W·3): runs of three are too short for a
        processor."""
        height, width = size
        return np.tile(self.scale, (height, width)), np.tile(self.offset, (height, width))

    def tensor(self, pixels: torch.Tensor) -> torch.Tensor:
        """n×H×W×3 uint8 → float32 of the same shape, on its device."""
        scale, offset = (torch.as_tensor(part, device=pixels.device) for part in (self.scale, self.offset))
        return pixels.float() * scale + offset


def augment_rows(
    pixels: Sequence[np.ndarray], draws: Draws, normalise: Normalise, out: np.ndarray | None = None
) -> torch.Tensor:
    """B crops of H×W×3 uint8 (as views, never modified) → B×3×H×W float32, channels last.

    Each crop goes from its bytes to its place in `out` (B×H×W×3 float32, allocated if not given) while it
    is in the processor cache.
    """
    crops = list(pixels)
    for row in changed_rows(draws.policy):
        crops[row] = apply_policy_by_pil(crops[row], draws.policy, row)
    height, width = crops[0].shape[:2]
    images = np.empty((len(crops), height, width, 3), np.float32) if out is None else out
    scale, offset = normalise.over((height, width))
    plans = zip(draws.shift.tolist(), draws.flip.tolist(), draws.box.tolist(), strict=True)
    for image, crop, ((dy, dx), flip, (top, left, tall, wide)) in zip(images, crops, plans, strict=True):
        shown = crop[max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)]
        y1, x1 = max(-dy, 0), max(-dx, 0)
        y2, x2 = y1 + shown.shape[0], x1 + shown.shape[1]
        if flip:
            shown, x1, x2 = cv2.flip(shown, 1), width - x2, width - x1
        image[:y1], image[y2:], image[y1:y2, :x1], image[y1:y2, x2:] = 0, 0, 0, 0
        np.copyto(image[y1:y2, x1:x2], shown)
        values = image.reshape(height, -1)
        np.multiply(values, scale, out=values)
        np.add(values, offset, out=values)
        image[top : top + tall, left : left + wide] = 0
    if draws.noise is not None:
        field = noise_field((height, width))
        places = zip(draws.box.tolist(), draws.noise.tolist(), strict=True)
        for image, ((top, left, tall, wide), (dy, dx)) in zip(images, places, strict=True):
            image[top : top + tall, left : left + wide] = field[dy : dy + tall, dx : dx + wide]
    return torch.from_numpy(images).permute(0, 3, 1, 2)


def augment_at_once(pixels: torch.Tensor, draws: Draws, normalise: Normalise) -> torch.Tensor:
    """B×H×W×3 uint8 on any device → B×3×H×W float32 there, channels last; `draws` are on the CPU."""
    rows = changed_rows(draws.policy)
    if rows:
        where = torch.tensor(rows, device=pixels.device)
        changed = apply_policy(pixels[where].permute(0, 3, 1, 2), draws.policy.part(rows))
        pixels = pixels.index_copy(0, where, changed.permute(0, 2, 3, 1))
    n, height, width, _ = pixels.shape
    device = pixels.device
    numbers = torch.cat([draws.shift, draws.box, draws.flip.long()[:, None]], 1)
    if device.type == "cuda":
        numbers = numbers.pin_memory().to(device, non_blocking=True)
    dy, dx, top, left, tall, wide, flip = numbers.unsqueeze(-1).unbind(1)
    y = torch.arange(height, device=device)[None]
    x = torch.arange(width, device=device)[None]
    from_y = y + dy  # B×H
    from_x = torch.where(flip.bool(), width - 1 - x, x) + dx  # B×W
    shown = _inside(from_y, height)[:, :, None] & _inside(from_x, width)[:, None]
    erased = ((y >= top) & (y < top + tall))[:, :, None] & ((x >= left) & (x < left + wide))[:, None]
    rows_of = torch.arange(n, device=device)[:, None, None]
    at_y, at_x = from_y.clamp(0, height - 1)[:, :, None], from_x.clamp(0, width - 1)[:, None]
    moved = pixels[rows_of, at_y, at_x] * shown[..., None]
    images = normalise.tensor(moved).masked_fill_(erased[..., None], 0)
    if draws.noise is not None:
        field = torch.as_tensor(noise_field((height, width)), device=device)
        down, right = (draws.noise.to(device)[:, at, None] for at in (0, 1))
        rows_at = (y - top + down).clamp(0, 2 * height - 1)[:, :, None]
        columns_at = (x - left + right).clamp(0, 2 * width - 1)[:, None]
        images = torch.where(erased[..., None], field[rows_at, columns_at], images)
    return images.permute(0, 3, 1, 2)


@functools.lru_cache(4)
def noise_field(size: tuple[int, int]) -> np.ndarray:
    """2H×2W×3 float32, standard normal and always the same: erased boxes are filled with windows of it.

    A window is at most as large as a crop and starts anywhere in the first quarter, so it is always inside.
    """
    height, width = size
    return np.random.default_rng(0).standard_normal((2 * height, 2 * width, 3), dtype=np.float32)


def _inside(at: torch.Tensor, length: int) -> torch.Tensor:
    return (at >= 0) & (at < length)
