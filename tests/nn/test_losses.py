"""Each loss compared with its slow, obvious form, one pair at a time."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.nn.losses.circle import circle_logits
from agreid_cli.nn.losses.cross_entropy import cross_entropy
from agreid_cli.nn.losses.triplet import distances, triplet, weighted_triplet

few = settings(max_examples=40, deadline=None)
seeds = st.integers(0, 2**31)


def drawn(seed: int, n: int, width: int, n_ids: int, scale: float) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    vectors = torch.from_numpy(rng.normal(scale=scale, size=(n, width)).astype(np.float32))
    return vectors, torch.from_numpy(rng.integers(0, n_ids, n))


batches = st.builds(
    drawn, seeds, st.integers(2, 9), st.integers(1, 6), st.integers(1, 4), st.sampled_from([0.1, 1.0, 20.0])
)


def plain_distance(a: torch.Tensor, b: torch.Tensor) -> float:
    return math.sqrt(sum((float(x) - float(y)) ** 2 for x, y in zip(a, b, strict=True)))


def sides(vectors: torch.Tensor, labels: torch.Tensor, anchor: int) -> tuple[list[float], list[float]]:
    """Distances from the anchor to its own label, and to the others."""
    own, other = [], []
    for i in range(len(labels)):
        if i != anchor:
            side = own if labels[i] == labels[anchor] else other
            side.append(plain_distance(vectors[anchor], vectors[i]))
    return own, other


def softplus(x: float) -> float:
    return max(x, 0) + math.log1p(math.exp(-abs(x)))


@few
@given(batches, st.sampled_from([0.0, 0.3, 2.0]), st.booleans())
def test_triplet_equals_the_plain_loop(batch, margin: float, soft: bool) -> None:
    vectors, labels = batch
    total = 0.0
    for anchor in range(len(labels)):
        own, other = sides(vectors, labels, anchor)
        if other:
            gap = max(own, default=0.0) - min(other)
            total += softplus(gap) if soft else max(gap + margin, 0)
    found = triplet(vectors, labels, margin=margin, soft=soft)
    assert float(found) == pytest.approx(total / len(labels), rel=1e-4, abs=1e-4)


@few
@given(batches)
def test_weighted_triplet_equals_the_plain_loop(batch) -> None:
    vectors, labels = batch
    total = 0.0
    for anchor in range(len(labels)):
        own, other = sides(vectors, labels, anchor)
        if other:
            far = (
                sum(d * math.exp(d - max(own)) for d in own) / sum(math.exp(d - max(own)) for d in own)
                if own
                else 0
            )
            low = min(other)
            near = sum(d * math.exp(low - d) for d in other) / sum(math.exp(low - d) for d in other)
            total += softplus(far - near)
    assert float(weighted_triplet(vectors, labels)) == pytest.approx(total / len(labels), rel=1e-4, abs=1e-4)


@few
@given(seeds, st.integers(1, 6), st.integers(1, 7), st.sampled_from([0.0, 0.1, 0.9]))
def test_cross_entropy_equals_the_plain_loop(seed: int, n: int, n_ids: int, smoothing: float) -> None:
    logits, labels = drawn(seed, n, n_ids, n_ids, 5.0)
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        top = max(row)
        log_z = top + math.log(sum(math.exp(x - top) for x in row))
        for place, logit in enumerate(row):
            off = smoothing / (n_ids - 1) if n_ids > 1 else 0.0
            target = 1 - smoothing if place == label else off
            total -= target * (logit - log_z)
    if n_ids > 1:
        assert float(cross_entropy(logits, labels, smoothing=smoothing)) == pytest.approx(total / n, abs=1e-4)
    else:
        assert float(cross_entropy(logits, labels, smoothing=smoothing)) == pytest.approx(0, abs=1e-6)


@few
@given(seeds, st.integers(1, 5), st.integers(1, 5), st.integers(1, 6), st.sampled_from([1.0, 64.0]))
def test_circle_logits_equal_the_plain_loop(seed: int, n: int, width: int, n_ids: int, scale: float) -> None:
    vectors, labels = drawn(seed, n, width, n_ids, 1.0)
    weight, _ = drawn(seed + 1, n_ids, width, 1, 0.01)
    margin = 0.35
    found = circle_logits(vectors, weight, labels, scale=scale, margin=margin)
    for i in range(n):
        for j in range(n_ids):
            lengths = float(vectors[i].norm()) * float(weight[j].norm())
            cosine = sum(float(a) * float(b) for a, b in zip(vectors[i], weight[j], strict=True)) / lengths
            if j == labels[i]:
                expected = max(1 + margin - cosine, 0) * (cosine - (1 - margin))
            else:
                expected = max(cosine + margin, 0) * (cosine - margin)
            assert float(found[i, j]) == pytest.approx(scale * expected, rel=1e-3, abs=1e-3)


def test_the_brackets_of_circle_carry_no_gradient() -> None:
    # One dimension more than the vector, at cosine 0: own logit s·(1+m)·(c − (1−m)), so d/dc = s·(1+m).
    vectors = torch.tensor([[1.0, 0.0]], requires_grad=True)
    weight = torch.tensor([[0.0, 1.0]])
    circle_logits(vectors, weight, torch.tensor([0]), scale=2.0, margin=0.25).sum().backward()
    assert vectors.grad is not None
    assert vectors.grad[0].tolist() == pytest.approx([0.0, 2.0 * 1.25])


def test_equal_vectors_give_no_gradient_and_no_nan() -> None:
    vectors = torch.ones(4, 3, requires_grad=True)
    for loss in (triplet, weighted_triplet):
        loss(vectors, torch.tensor([0, 0, 1, 1])).backward()
    assert vectors.grad is not None
    assert torch.isfinite(vectors.grad).all()


def test_gradient_of_the_hardest_pair_by_hand() -> None:
    # On a line: anchor 0 at 0, its own at 3, the other at 1. d⁺ = 3, d⁻ = 1.
    vectors = torch.tensor([[0.0], [3.0], [1.0]], requires_grad=True)
    triplet(vectors, torch.tensor([0, 0, 1]), margin=0.3).backward()
    # Anchor 0: +d01 − d02; anchor 1: +d01 − d12; anchor 2 has d⁺ = 0 and −d02 + 0.3 < 0, so nothing.
    by_hand = [(-1 + 1 - 1) / 3, (1 + 1 - 1) / 3, (-1 + 1) / 3]
    assert vectors.grad is not None
    assert vectors.grad.squeeze(1).tolist() == pytest.approx(by_hand, abs=1e-5)


def test_a_common_shift_does_not_eat_the_digits() -> None:
    vectors = torch.tensor([[0.0, 0.0], [3.0, 4.0]]) + 3000.0
    assert float(distances(vectors)[0, 1]) == pytest.approx(5.0, rel=1e-4)


@pytest.mark.parametrize("loss", [cross_entropy, triplet, weighted_triplet])
def test_every_loss_is_float32_inside_autocast(loss: Callable[..., torch.Tensor]) -> None:
    vectors, labels = drawn(3, 8, 8, 4, 30.0)
    plain = loss(vectors, labels)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = loss(vectors, labels)
    assert inside.dtype == torch.float32
    assert float(inside) == float(plain)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = loss(vectors.bfloat16().requires_grad_(), labels)
    assert half.dtype == torch.float32
    half.backward()


def test_circle_is_float32_inside_autocast() -> None:
    vectors, labels = drawn(3, 4, 8, 4, 1.0)
    weight, _ = drawn(4, 4, 8, 1, 1.0)
    plain = circle_logits(vectors, weight, labels, scale=64, margin=0.35)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(circle_logits(vectors, weight, labels, scale=64, margin=0.35), plain)
