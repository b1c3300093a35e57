"""Where two crops differ in what an attribute is recognised from, at twice the resolution of the network.

Weighted by the evidence for an attribute, the feature maps of two crops have a distance as under any other
map; drawn are the contributions of the positions to it (`nn/contributions.py`).

The network has few positions: 8×4 at 128×64, so that a head is hardly one of them. So the crop passes
through it four times, moved by a quarter of a position up or down and to the left or right, and four times
mirrored. The positions of the four grids lie between each other and make one grid with twice as many
positions each way; the mirror images are averaged, and so are positions with their eight neighbours, which
are 0 outside the crop. All this makes the peak lie on the right part of the body more often
(tests/benchmarks/RESULTS.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from agreid_cli.nn.contributions import contributions_at, empty
from agreid_cli.nn.explain_stream import ExplainStream
from agreid_cli.nn.slopes import Pair, Sides


@dataclass(frozen=True)
class Moved:
    """A variant of a crop: the window is `down` and `right` pixels further, and what it shows is mirrored or
    not. rows, columns: those of the finer grid that its positions fill."""

    down: int
    right: int
    mirrored: bool

    @property
    def rows(self) -> slice:
        return slice(int(self.down > 0), None, 2)

    @property
    def columns(self) -> slice:
        return slice(int(self.right > 0), None, 2)

    def of(self, images: Tensor) -> Tensor:
        """Images B×3×h×w, normalised; what lies outside has the mean colour, 0."""
        height, width = images.shape[2:]
        down, right = abs(self.down), abs(self.right)
        y, x = down + self.down, right + self.right
        seen = pad(images, (right, right, down, down))[:, :, y : y + height, x : x + width]
        return seen.flip(3) if self.mirrored else seen

    def back(self, maps: Tensor) -> Tensor:
        """Maps …×H×W of the variant, as they lie on the crop."""
        return maps.flip(-1) if self.mirrored else maps


def variants(size: tuple[int, int], grid: tuple[int, int]) -> Iterator[Moved]:
    """The eight for a crop of `size` h×w whose features have `grid` H×W positions."""
    down, right = (max(1, round(length / (4 * n))) for length, n in zip(size, grid, strict=True))
    for dy in (-down, down):
        for dx in (-right, right):
            for mirrored in (False, True):
                yield Moved(dy, dx, mirrored)


def differing_evidence(model: ExplainStream, images: Pair, sides: Sides, bits: Tensor, pair: Tensor) -> Pair:
    """Normalised images B×3×h×w of B pairs, bits (K,) and the pair of each, 0 … B − 1 (K,) → K×2H×2W for
    each side.

    Evidence is at least 0 where features are pooled by a power, which takes no negative weights.
    """
    bases = [_repeated(empty(model, image, side), pair) for image, side in zip(images, sides, strict=True)]
    height, width = bases[0].shape[2:]
    found = [base.new_zeros(len(bits), 2 * height, 2 * width) for base in bases]
    for moved in variants((images[0].shape[2], images[0].shape[3]), (height, width)):
        grids, weights = [], []
        with torch.no_grad():
            for image, side in zip(images, sides, strict=True):
                seen = moved.of(image)
                grid, evidence = model.features_and_evidence(seen, side)
                grids.append(grid[pair])
                own = evidence[pair, bits].unsqueeze(1)
                weights.append(own if model.power == 1 else own.clamp_min(0))
        both = contributions_at(
            model, (grids[0], grids[1]), (bases[0], bases[1]), maps=(weights[0], weights[1])
        )
        for sums, own in zip(found, both, strict=True):
            sums[:, moved.rows, moved.columns] += moved.back(own) / 2
    first, second = (avg_pool2d(sums.unsqueeze(1), 3, stride=1, padding=1).squeeze(1) for sums in found)
    return first, second


def _repeated(base: Tensor, pair: Tensor) -> Tensor:
    """One empty crop for all, or one for each pair."""
    return base if len(base) == 1 else base[pair]
