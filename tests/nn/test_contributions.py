"""Contributions of positions to the parts of a distance, against finite differences and their sum."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from agreid_cli.config.recipes import load_train
from agreid_cli.nn.contributions import contributions
from agreid_cli.nn.explain_stream import ExplainStream
from agreid_cli.nn.model import build_model
from agreid_cli.nn.slopes import apart
from agreid_cli.nn.spec import spec_from

Pair = tuple[Tensor, Tensor]


@pytest.fixture(scope="module", params=[("campus", "avg"), ("bot-osnet", "gem")], ids=lambda p: p[1])
def stream(request: pytest.FixtureRequest) -> ExplainStream:
    torch.manual_seed(0)
    name, pool = request.param
    config = load_train(None, [f"model.pool={pool}", "model.weights=none"], name=name)
    teacher = build_model(spec_from(config.model, config.loss), 4)
    for name, values in teacher.head.neck.named_buffers():
        if "running" in name:  # a neck that is affine but not the identity
            values.copy_(torch.rand_like(values) + 0.5)
    return ExplainStream(teacher, n_bits=5, from_teacher=True, shared=True, reduction=1).eval()


@pytest.fixture(scope="module")
def images() -> Pair:
    generator = torch.Generator().manual_seed(1)
    one, other = (torch.randn(2, 3, 64, 32, generator=generator) for _ in range(2))
    return one, other


@pytest.fixture(scope="module")
def maps(stream: ExplainStream, images: Pair) -> Pair:
    generator = torch.Generator().manual_seed(2)
    height, width = stream.features(images[0]).shape[2:]
    one, other = (torch.rand(2, 3, height, width, generator=generator) + 0.1 for _ in range(2))
    return one, other


def parts_of(stream: ExplainStream, grids: list[Tensor], maps: Pair) -> Tensor:
    """The parts of the distance, B×K."""
    first, second = (stream.weighted(grid, own) for grid, own in zip(grids, maps, strict=True))
    return apart(first, second)


# A generalised mean is not linear along the way from the empty crop.
@pytest.mark.parametrize("stream", [("campus", "avg")], indirect=True, ids=["avg"])
def test_positions_of_both_crops_add_up_to_the_parts_if_their_maps_are_equal(
    stream: ExplainStream, images: Pair, maps: Pair
) -> None:
    same = maps[0], maps[0]
    with torch.no_grad():
        parts = parts_of(stream, [stream.features(side) for side in images], same)
    one, other = contributions(stream, *images, maps=same)
    torch.testing.assert_close(one.sum((1, 2)) + other.sum((1, 2)), parts.sum(1), rtol=1e-3, atol=1e-5)
    for k in range(3):
        own = maps[0][:, k : k + 1], maps[0][:, k : k + 1]
        one, other = contributions(stream, *images, maps=own)
        torch.testing.assert_close(one.sum((1, 2)) + other.sum((1, 2)), parts[:, k], rtol=1e-3, atol=1e-5)
    shares = torch.tensor([[0.5, 0.2, 0.1], [0.1, 0.0, 0.3]])
    one, other = contributions(stream, *images, maps=same, shares=shares)
    torch.testing.assert_close(one.sum((1, 2)) + other.sum((1, 2)), shares.sum(1), rtol=1e-3, atol=1e-5)
    assert all(parameter.grad is None for parameter in stream.parameters())


def test_a_position_contributes_what_the_part_loses_if_it_is_emptied_by_a_little(
    stream: ExplainStream, images: Pair, maps: Pair
) -> None:
    own = maps[0][:, :1], maps[1][:, :1]
    found = contributions(stream, *images, maps=own)
    step = 1e-2
    with torch.no_grad():
        nothing = stream.features(torch.zeros_like(images[0]))
        for side in (0, 1):
            wanted = torch.zeros_like(found[side])
            for row in range(wanted.shape[1]):
                for column in range(wanted.shape[2]):
                    ends = []
                    for sign in (1, -1):
                        grids = [stream.features(image) for image in images]
                        way = (grids[side] - nothing)[:, :, row, column]
                        grids[side][:, :, row, column] += sign * step * way
                        ends.append(parts_of(stream, grids, own)[:, 0])
                    wanted[:, row, column] = (ends[0] - ends[1]) / (2 * step)
            assert (found[side] - wanted).abs().max() < 0.02 * wanted.abs().max()


def test_nothing_comes_from_places_without_attention_from_empty_or_from_equal_crops(
    stream: ExplainStream, images: Pair, maps: Pair
) -> None:
    top = maps[0][:, :1].clone()
    top[:, :, top.shape[2] // 2 :] = 0
    one, _ = contributions(stream, *images, maps=(top, maps[1][:, :1]))
    assert one[:, : top.shape[2] // 2].abs().max() > 0
    assert one[:, top.shape[2] // 2 :].abs().max() <= 1e-5 * one.abs().max()
    shares = torch.full((2, 3), 1 / 3)
    blank = images[0].clone()
    blank[1] = 0
    one, _ = contributions(stream, blank, images[1], maps=maps)
    assert one[0].abs().max() > 0
    assert (one[1] == 0).all()
    same = contributions(stream, images[0], images[0], maps=(maps[0], maps[0]), shares=shares)
    assert all(torch.isfinite(side).all() for side in same)
    assert all((side == 0).all() for side in same)
