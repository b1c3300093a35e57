"""One product for all attributes compared with one pooling per attribute."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from agreid_cli.nn.pooled import attribute_pooling, base_distances, cross_distances, part_distances


def plain_pooling(grid: Tensor, maps: Tensor, p: float) -> Tensor:
    """One attribute at a time, as GeM (or the average) would."""
    vectors = []
    for k in range(maps.shape[1]):
        product = grid * maps[:, k : k + 1]
        if p == 1:
            vectors.append(product.mean(dim=(2, 3)))
        else:
            vectors.append(product.clamp_min(1e-6).pow(p).mean(dim=(2, 3)).pow(1 / p))
    return torch.stack(vectors, dim=1)


def plain_distances(vectors: Tensor) -> Tensor:
    return (vectors.unsqueeze(1) - vectors.unsqueeze(0)).square().sum(-1).clamp_min(1e-12).sqrt()


def drawn(b: int = 5, m: int = 7, c: int = 12, p: float = 3.0, **kind: torch.dtype) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    grid = torch.randn(b, c, 4, 3, **kind)
    return (grid if p == 1 else grid.relu() * 5), torch.rand(b, m, 4, 3, **kind) * 2 + 0.05


@pytest.mark.parametrize("p", [1, 2.5, 3])
def test_vectors_distances_and_gradients_equal_the_loop(p: float) -> None:
    grid, maps = drawn(p=p)
    grads = []
    for pool, apart in ((plain_pooling, plain_distances), (attribute_pooling, part_distances)):
        own_grid, own_maps = grid.clone().requires_grad_(), maps.clone().requires_grad_()
        vectors = pool(own_grid, own_maps, p=p)
        d = apart(vectors)
        (d * torch.arange(d.numel()).reshape(d.shape)).sum().backward()
        grads.append((vectors.detach(), d.detach(), own_grid.grad, own_maps.grad))
    off = ~torch.eye(5, dtype=torch.bool)
    (v, d, *plain), (v2, d2, *ours) = grads
    torch.testing.assert_close(v2, v, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(d2[off], d[off], rtol=1e-4, atol=1e-5)
    for mine, wanted in zip(ours, plain, strict=True):
        assert (mine - wanted).norm() < 1e-4 * wanted.norm()


def test_maps_of_one_give_the_models_own_distance() -> None:
    grid, maps = drawn()
    vectors = attribute_pooling(grid, torch.ones_like(maps), p=3.0)
    base = grid.clamp_min(1e-6).pow(3).mean(dim=(2, 3)).pow(1 / 3)
    torch.testing.assert_close(vectors, base.unsqueeze(1).expand_as(vectors))
    d, off = part_distances(vectors), ~torch.eye(5, dtype=torch.bool)
    torch.testing.assert_close(d[off], plain_distances(base).unsqueeze(-1).expand_as(d)[off])


@pytest.mark.parametrize("p", [1, 3])
def test_mean_with_scale_one_is_sum_with_scale_one_over_m(p: float) -> None:
    """GeM is homogeneous in the map, so Eq. 4's sum with K = 1/M is the mean with K = 1."""
    grid, maps = drawn(p=p)
    whole = part_distances(attribute_pooling(grid, maps, p=p)).mean(-1)
    small = part_distances(attribute_pooling(grid, maps / maps.shape[1], p=p)).sum(-1)
    off = ~torch.eye(5, dtype=torch.bool)
    torch.testing.assert_close(whole[off], small[off], rtol=1e-4, atol=1e-5)


def test_large_common_offset_does_not_eat_the_digits() -> None:
    torch.manual_seed(1)
    small = torch.randn(6, 2, 16)
    close = part_distances(small + 300.0)
    torch.testing.assert_close(close, plain_distances(small), rtol=1e-3, atol=2e-3)


def test_stays_in_float32_under_autocast() -> None:
    grid, maps = drawn()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        vectors = attribute_pooling(grid.bfloat16(), maps, p=3.0)
        d = part_distances(vectors)
    assert vectors.dtype == d.dtype == torch.float32


def test_cross_distances_do_not_depend_on_the_block_of_the_gallery() -> None:
    torch.manual_seed(2)
    query, gallery = torch.randn(4, 3, 8), torch.randn(9, 3, 8)
    whole = cross_distances(query, gallery)
    torch.testing.assert_close(whole, (query.unsqueeze(1) - gallery.unsqueeze(0)).norm(dim=-1))
    parts = torch.cat([cross_distances(query, block) for block in gallery.split(2)], dim=1)
    torch.testing.assert_close(whole, parts)
    assert base_distances(query[:, 0], gallery[:, 0]).shape == (4, 9)


def test_vanishing_maps_keep_finite_gradients() -> None:
    maps = torch.full((2, 3, 4, 3), 1e-20, requires_grad=True)
    attribute_pooling(torch.zeros(2, 5, 4, 3), maps, p=3.0).sum().backward()
    assert maps.grad is not None
    assert torch.isfinite(maps.grad).all()
