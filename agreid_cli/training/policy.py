"""AutoAugment's policy for ImageNet (Cubuk et al. 2019, Table 9), on batches, with given random numbers.

A crop gets one of 25 random pairs of operations; each is applied with its own probability and its
own strength 0..9, in a random direction if it has one. Operations and scales are torchvision's.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import torch

from agreid_cli.training.operations import TWO_SENSES, image_of, operate_on_batch, operate_on_image

Step = tuple[str, float, int]  # operation, probability, strength

PAIRS: tuple[tuple[Step, Step], ...] = (
    (("Posterize", 0.4, 8), ("Rotate", 0.6, 9)),
    (("Solarize", 0.6, 5), ("AutoContrast", 0.6, 5)),
    (("Equalize", 0.8, 8), ("Equalize", 0.6, 3)),
    (("Posterize", 0.6, 7), ("Posterize", 0.6, 6)),
    (("Equalize", 0.4, 7), ("Solarize", 0.2, 4)),
    (("Equalize", 0.4, 4), ("Rotate", 0.8, 8)),
    (("Solarize", 0.6, 3), ("Equalize", 0.6, 7)),
    (("Posterize", 0.8, 5), ("Equalize", 1.0, 2)),
    (("Rotate", 0.2, 3), ("Solarize", 0.6, 8)),
    (("Equalize", 0.6, 8), ("Posterize", 0.4, 6)),
    (("Rotate", 0.8, 8), ("Color", 0.4, 0)),
    (("Rotate", 0.4, 9), ("Equalize", 0.6, 2)),
    (("Equalize", 0.0, 7), ("Equalize", 0.8, 8)),
    (("Invert", 0.6, 4), ("Equalize", 1.0, 8)),
    (("Color", 0.6, 4), ("Contrast", 1.0, 8)),
    (("Rotate", 0.8, 8), ("Color", 1.0, 2)),
    (("Color", 0.8, 8), ("Solarize", 0.8, 7)),
    (("Sharpness", 0.4, 7), ("Invert", 0.6, 8)),
    (("ShearX", 0.6, 5), ("Equalize", 1.0, 9)),
    (("Color", 0.4, 0), ("Equalize", 0.6, 3)),
    (("Equalize", 0.4, 7), ("Solarize", 0.2, 4)),
    (("Solarize", 0.6, 5), ("AutoContrast", 0.6, 5)),
    (("Invert", 0.6, 4), ("Equalize", 1.0, 8)),
    (("Color", 0.6, 4), ("Contrast", 1.0, 8)),
    (("Equalize", 0.8, 8), ("Equalize", 0.6, 3)),
)


@dataclass(frozen=True)
class PolicyDraw:
    """The random numbers for each of B crops."""

    pair: torch.Tensor  # B int64, index into PAIRS; −1: this crop is unchanged
    happens: torch.Tensor  # B×2 float, 0..1; a step is applied if this is below its probability
    negative: torch.Tensor  # B×2 bool

    def part(self, rows: slice | list[int]) -> PolicyDraw:
        return PolicyDraw(self.pair[rows], self.happens[rows], self.negative[rows])


def draw_policy(n: int, probability: float, generator: torch.Generator) -> PolicyDraw:
    """Draws for `n` crops, each of which is changed with `probability`."""
    chosen = torch.rand(n, generator=generator) < probability
    pair = torch.randint(len(PAIRS), (n,), generator=generator)
    happens = torch.rand(n, 2, generator=generator)
    negative = torch.randint(2, (n, 2), generator=generator).bool()
    return PolicyDraw(torch.where(chosen, pair, -1), happens, negative)


def changed_rows(draw: PolicyDraw) -> list[int]:
    """The rows in which at least one step is applied."""
    return sorted({row for groups in _groups(draw) for rows in groups.values() for row in rows})


def apply_policy(images: torch.Tensor, draw: PolicyDraw) -> torch.Tensor:
    """`images`, B×3×H×W uint8 on any device, with each row's steps applied.

    Rows with equal operation, strength and direction are processed together.
    """
    images = images.clone()
    for groups in _groups(draw):
        for (name, strength, negative), rows in groups.items():
            where = torch.tensor(rows, device=images.device)
            images[where] = operate_on_batch(images[where], name, strength, negative)
    return images


def apply_policy_by_pil(image: np.ndarray, draw: PolicyDraw, row: int) -> np.ndarray:
    """One H×W×3 uint8 crop with the steps of `row` applied by PIL, which is several times faster on a CPU."""
    shown = image_of(image)
    for groups in _groups(draw.part([row])):
        for name, strength, negative in groups:
            shown = operate_on_image(shown, name, strength, negative)
    return np.asarray(shown)


def _groups(draw: PolicyDraw) -> list[dict[tuple[str, int, bool], list[int]]]:
    """For the first and the second step: (operation, strength, negative) → rows."""
    found: list[dict[tuple[str, int, bool], list[int]]] = [defaultdict(list), defaultdict(list)]
    pairs, happens, negative = draw.pair.tolist(), draw.happens.tolist(), draw.negative.tolist()
    for row, pair in enumerate(pairs):
        if pair < 0:
            continue
        for turn, (name, probability, strength) in enumerate(PAIRS[pair]):
            if happens[row][turn] < probability:
                sense = negative[row][turn] and name in TWO_SENSES
                found[turn][name, strength, sense].append(row)
    return found
