"""Pooling compared with loops over positions; default pooling per head and backbone."""

from __future__ import annotations

import pytest
import torch

from agreid_cli.nn.backbones import make_backbone
from agreid_cli.nn.backbones.backbone import Backbone
from agreid_cli.nn.heads.mgn import rows_of
from agreid_cli.nn.heads.pooling import Average, GeM, Token, make_pooling
from agreid_cli.nn.outputs import FeatureMap

SIZE = (64, 32)


@pytest.fixture(scope="module")
def osnet() -> Backbone:
    return make_backbone("osnet-x0.25", size=SIZE)


@pytest.fixture(scope="module")
def vit() -> Backbone:
    return make_backbone("timm:test_vit", size=SIZE)


def grid(shape: tuple[int, ...] = (2, 3, 4, 2)) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("p", [1.0, 3.0, 4.5])
def test_gem_is_the_generalised_mean_over_places(p: float) -> None:
    found = GeM(p)(FeatureMap(grid())).detach()
    for b in range(2):
        for c in range(3):
            clamped = [max(float(x), 1e-6) for x in grid()[b, c].flatten()]
            expected = (sum(x**p for x in clamped) / len(clamped)) ** (1 / p)
            assert float(found[b, c]) == pytest.approx(expected, rel=1e-5)


def test_gem_learns_its_power_and_keeps_full_precision_under_autocast() -> None:
    pool = GeM()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = pool(FeatureMap(grid().abs().bfloat16()))
    assert found.dtype == torch.float32
    found.sum().backward()
    assert pool.p.grad is not None
    assert float(pool.p.grad) > 0  # a larger power weighs large features more


def test_average_keeps_the_sign() -> None:
    found = Average()(FeatureMap(grid()))
    torch.testing.assert_close(found, grid().sum((2, 3)) / 8)
    assert found.min() < 0


@pytest.mark.parametrize(
    ("height", "of", "expected"),
    [
        (24, 3, [(0, 8), (8, 16), (16, 24)]),
        (16, 2, [(0, 8), (8, 16)]),
        (16, 3, [(0, 6), (5, 11), (10, 16)]),
        (1, 3, [(0, 1), (0, 1), (0, 1)]),
    ],
)
def test_stripes_cover_the_figure(height: int, of: int, expected: list[tuple[int, int]]) -> None:
    rows = torch.arange(float(height)).reshape(1, 1, height, 1)
    bands = [rows_of(rows, i, of).flatten().tolist() for i in range(of)]
    assert [(int(band[0]), int(band[-1]) + 1) for band in bands] == expected
    pooled = torch.nn.functional.adaptive_avg_pool2d(rows, (of, 1)).flatten()
    assert [sum(band) / len(band) for band in bands] == pytest.approx(pooled.tolist())


def test_auto_takes_gem_only_where_features_are_not_negative(osnet: Backbone, vit: Backbone) -> None:
    assert isinstance(make_pooling("auto", osnet, auto="gem", gem_p=3.0), GeM)
    assert isinstance(make_pooling("auto", vit, auto="gem", gem_p=3.0), Average)
    assert isinstance(make_pooling("auto", osnet, auto="avg", gem_p=3.0), Average)
    assert isinstance(make_pooling("token", vit, auto="avg", gem_p=3.0), Token)
