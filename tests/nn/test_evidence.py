"""Evidence at twice the resolution, against one pass at a time, and where its positions lie."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from agreid_cli.nn import evidence
from agreid_cli.nn.contributions import contributions
from agreid_cli.nn.evidence import differing_evidence, variants
from agreid_cli.nn.explain_stream import ExplainStream
from tests.nn.test_contributions import Pair, images, stream  # noqa: F401  # fixtures


@pytest.mark.parametrize(("size", "grid"), [((128, 64), (8, 4)), ((64, 32), (4, 2)), ((50, 22), (4, 2))])
def test_every_position_of_the_finer_grid_is_seen_twice_at_its_own_place(
    size: tuple[int, int], grid: tuple[int, int]
) -> None:
    height, width = size
    rows = torch.arange(height, dtype=torch.float32)[:, None].expand(height, width)
    columns = torch.arange(width, dtype=torch.float32).expand(height, width)
    # Pixels that hold their own coordinates; the inner half of a position holds its centre.
    where = torch.stack([rows, columns, torch.ones(size)])[None]
    times = torch.zeros(2 * grid[0], 2 * grid[1])
    for moved in variants(size, grid):
        seen = moved.back(moved.of(where))[0]
        tall, wide = height / grid[0], width / grid[1]
        for i, row in enumerate(range(2 * grid[0])[moved.rows]):
            for j, column in enumerate(range(2 * grid[1])[moved.columns]):
                inner = seen[:, round((i + 0.25) * tall) : round((i + 0.75) * tall),
                             round((j + 0.25) * wide) : round((j + 0.75) * wide)]  # fmt: skip
                assert (inner[2] == 1).all()  # no padding
                y, x = inner[0].mean() + 0.5, inner[1].mean() + 0.5
                assert abs(float(y) - (row + 0.5) * tall / 2) <= (0 if tall % 4 == 0 else 1)
                assert abs(float(x) - (column + 0.5) * wide / 2) <= (0 if wide % 4 == 0 else 1)
                times[row, column] += 1
    assert (times == 2).all()


def test_it_is_the_contributions_of_every_variant_put_between_each_other(
    stream: ExplainStream,  # noqa: F811
    images: Pair,  # noqa: F811
) -> None:
    bits, pair = torch.tensor([3, 0, 3]), torch.tensor([0, 1, 1])
    found = differing_evidence(stream, images, (None, None), bits, pair)
    height, width = stream.features(images[0]).shape[2:]
    down, right = 64 // (4 * height), 32 // (4 * width)
    for k, (bit, at) in enumerate(zip(bits.tolist(), pair.tolist(), strict=True)):
        wanted = np.zeros((2, 2 * height, 2 * width))
        for y, x, mirrored in np.ndindex(2, 2, 2):
            seen = [shifted(side[at : at + 1], (2 * y - 1) * down, (2 * x - 1) * right) for side in images]
            if mirrored:
                seen = [side.flip(3) for side in seen]
            with torch.no_grad():
                weights = [stream.evidence(side)[:, bit : bit + 1] for side in seen]
            if stream.power != 1:
                weights = [own.clamp_min(0) for own in weights]
            both = contributions(stream, seen[0], seen[1], maps=(weights[0], weights[1]))
            for side, own in enumerate(both):
                own = own[0].flip(1) if mirrored else own[0]
                wanted[side, y::2, x::2] += own.numpy() / 2
        for side in (0, 1):
            near = 1e-4 * np.abs(wanted[side]).max()
            np.testing.assert_allclose(found[side][k], smoothed(wanted[side]), rtol=1e-3, atol=near)
    assert all(parameter.grad is None for parameter in stream.parameters())


def test_each_pair_has_its_own_empty_crop_if_that_depends_on_side_information(
    stream: ExplainStream,  # noqa: F811
    images: Pair,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def own(model: ExplainStream, given: Tensor, side: object) -> Tensor:
        with torch.no_grad():
            return model.features(torch.zeros_like(given)) + given.mean((1, 2, 3), keepdim=True)

    monkeypatch.setattr(evidence, "empty", own)
    none = (None, None)
    found = differing_evidence(stream, images, none, torch.tensor([3, 0]), torch.tensor([1, 0]))
    for k, (bit, at) in enumerate([(3, 1), (0, 0)]):
        pair = images[0][at : at + 1], images[1][at : at + 1]
        alone = differing_evidence(stream, pair, none, torch.tensor([bit]), torch.tensor([0]))
        for side in (0, 1):
            near = 1e-4 * float(alone[side].abs().max())
            torch.testing.assert_close(found[side][k], alone[side][0], rtol=1e-3, atol=near)


def smoothed(sums: np.ndarray) -> np.ndarray:
    """The mean with the eight neighbours, 0 outside, position by position."""
    made = np.zeros_like(sums)
    for y, x in np.ndindex(*sums.shape):
        made[y, x] = sums[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].sum() / 9
    return made


def shifted(image: Tensor, down: int, right: int) -> Tensor:
    """What lies `down` and `right` pixels further, pixel by pixel."""
    height, width = image.shape[2:]
    made = torch.zeros_like(image)
    for y in range(height):
        for x in range(width):
            if 0 <= y + down < height and 0 <= x + right < width:
                made[:, :, y, x] = image[:, :, y + down, x + right]
    return made
