"""The explainable stream's losses compared with a plain triple loop and values checked by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.nn.losses.distill import (
    attribute_prior,
    mean_over_pairs,
    metric_distillation,
    shares,
    thresholds,
)


def plain_distillation(d: Any, parts: Any) -> float:
    n, m = len(d), len(parts[0][0])
    total, pairs = 0.0, 0
    for i in range(n):
        for j in range(n):
            if i != j:
                total += abs(d[i][j] - sum(parts[i][j][k] for k in range(m)) / m)
                pairs += 1
    return total / pairs


def plain_prior(parts: Any, bits: Any, v: float) -> tuple[float, float]:
    """Eq. 6 to 8 with λ, θ_e and θ_c written out."""
    n, m = len(bits), len(bits[0])
    one, two, pairs = 0.0, 0.0, 0
    for i in range(n):
        for j in range(n):
            if i == j:
                continue
            pairs += 1
            e = [int(bits[i][k] != bits[j][k]) for k in range(m)]
            m_e, d_hat = sum(e), sum(parts[i][j])
            s = [parts[i][j][k] / d_hat for k in range(m)]
            if m_e == 0:
                two += sum(max(s[k] - 2 / m, 0) for k in range(m))
                continue
            t = (m_e / m) ** v
            s_e = sum(s[k] for k in range(m) if e[k])
            one += max(t - s_e, 0) + max((1 - s_e) - (1 - t), 0)
            if m_e == m:
                theta_e = theta_c = math.sqrt(v) / m
            else:
                lam = 0.5 * math.log((m - m_e) * t / (m_e * (1 - t)))
                theta_e = math.exp(-lam) * t / m_e
                theta_c = math.exp(lam) * (1 - t) / (m - m_e)
            two += sum(max(theta_e - s[k], 0) if e[k] else max(s[k] - theta_c, 0) for k in range(m))
    return one / pairs, two / pairs


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(1, 9), st.sampled_from([0.25, 0.5, 0.75, 1.0]))
def test_losses_equal_a_triple_loop(seed: int, n: int, m: int, v: float) -> None:
    rng = np.random.default_rng(seed)
    parts = torch.tensor(rng.gamma(0.7, 2.0, (n, n, m)) + 1e-2)
    d = torch.tensor(rng.uniform(0, 3, (n, n)))
    bits = torch.tensor(
        rng.integers(0, 2, (n, m)) * rng.integers(0, 2, (n, 1))
    )  # rows of zeros: equal people
    assert metric_distillation(d, parts).item() == pytest.approx(plain_distillation(d, parts.tolist()))
    found = [value.item() for value in attribute_prior(parts, bits, v)]
    assert found == pytest.approx(plain_prior(parts.tolist(), bits.tolist(), v), abs=1e-12)


@pytest.mark.parametrize("v", [0.25, 0.5, 0.75])
def test_both_thresholds_are_one_number(v: float) -> None:
    t, tau = thresholds(88, v)
    for m_e in range(1, 88):
        assert t[m_e].item() == pytest.approx((m_e / 88) ** v, abs=1e-15)
        lam = 0.5 * math.log((88 - m_e) * t[m_e] / (m_e * (1 - t[m_e])))
        assert math.exp(-lam) * t[m_e] / m_e == pytest.approx(tau[m_e].item(), abs=1e-12)
        assert math.exp(lam) * (1 - t[m_e]) / (88 - m_e) == pytest.approx(tau[m_e].item(), abs=1e-12)


def test_threshold_table() -> None:
    t, tau = thresholds(88, 0.5)
    table = {
        1: (0.1066, 0.03309), 2: (0.1508, 0.02728), 14: (0.3989, 0.01521),
        30: (0.5839, 0.01182), 44: (0.7071, 0.01034), 87: (0.9943, 0.00807),
    }  # fmt: skip
    for m_e, (t_is, tau_is) in table.items():
        assert (t[m_e].item(), tau[m_e].item()) == pytest.approx((t_is, tau_is), abs=6e-5)
    assert tau[:31].min() > 1 / 88  # with 15 groups every pair that can occur is pushed
    assert torch.allclose(thresholds(88, 1.0)[1][1:], torch.full((88,), 1 / 88, dtype=torch.float64))
    assert thresholds(88, 0.25)[1][30] < 1 / 88  # why v stays at 0.5


@pytest.mark.parametrize("v", [0.0, -1.0, 1.01])
def test_v_outside_its_range_is_refused(v: float) -> None:
    with pytest.raises(ValueError, match="v must be in"):
        thresholds(88, v)


def test_an_untrained_head_starts_where_it_should() -> None:
    """All parts equal the whole: L_d = 0; with M_E = 14 the prior is 0.4795 and 0.0539."""
    bits = torch.zeros(2, 88, dtype=torch.uint8)
    bits[1, :14] = 1
    d = torch.tensor([[0.0, 7.0], [7.0, 0.0]])
    parts = d.unsqueeze(-1).expand(2, 2, 88)
    assert metric_distillation(d, parts).item() == 0
    assert shares(parts)[0, 1].tolist() == pytest.approx([1 / 88] * 88)
    one, two = attribute_prior(parts, bits)
    assert (one.item(), two.item()) == pytest.approx((0.4795, 0.0539), abs=1e-4)


def test_same_person_only_no_share_above_two_over_m() -> None:
    parts = torch.rand(3, 3, 10, dtype=torch.float64) ** 4 + 1e-3
    one, two = attribute_prior(parts, torch.ones(3, 10, dtype=torch.uint8))
    assert one.item() == 0
    too_much = (shares(parts) - 2 / 10).clamp_min(0).sum(-1)
    assert two.item() == pytest.approx(mean_over_pairs(too_much).item())
    assert two.item() > 0


def test_all_attributes_exclusive_is_finite_and_has_no_common_term() -> None:
    bits = torch.tensor([[0] * 6, [1] * 6])
    one, two = attribute_prior(torch.full((2, 2, 6), 3.0), bits)
    assert one.item() == pytest.approx(0, abs=1e-6)
    assert two.item() == 0  # an even share 1/6 is above √0.5 / 6


def test_diagonal_is_no_pair() -> None:
    parts, d = torch.rand(3, 3, 5) + 0.1, torch.rand(3, 3)
    bits = torch.eye(3, 5, dtype=torch.uint8)
    before = [metric_distillation(d, parts), *attribute_prior(parts, bits)]
    at = torch.arange(3)
    parts[at, at], d[at, at] = 100.0, -50.0
    parts[at, at, 0] = 7.0
    after = [metric_distillation(d, parts), *attribute_prior(parts, bits)]
    assert [x.item() for x in before] == [x.item() for x in after]


def test_a_picture_and_its_copy_count_nothing_and_break_nothing() -> None:
    parts = torch.full((2, 2, 4), 1e-6, requires_grad=True)
    losses = attribute_prior(parts, torch.tensor([[1, 0, 0, 0], [0, 1, 0, 0]]))
    assert [x.item() for x in losses] == [0, 0]
    sum(losses).backward()
    assert parts.grad is not None
    assert torch.equal(parts.grad, torch.zeros(2, 2, 4))
    alone = attribute_prior(torch.zeros(1, 1, 4), torch.zeros(1, 4))
    assert [x.item() for x in alone] == [0, 0]


def test_groups_unknown_for_a_person_are_common() -> None:
    parts = torch.rand(2, 2, 6, dtype=torch.float64) + 0.1
    bits = torch.tensor([[1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0]])
    known = torch.ones(2, 6, dtype=torch.bool)
    known[0, 3:] = False
    as_if = bits.clone()
    as_if[:, 3:] = 0
    found, wanted = attribute_prior(parts, bits, known=known), attribute_prior(parts, as_if)
    assert [x.item() for x in found] == [x.item() for x in wanted]
    assert [x.item() for x in found] != [x.item() for x in attribute_prior(parts, bits)]


def test_gradient_pushes_the_exclusive_share_up() -> None:
    parts = torch.ones(2, 2, 8, requires_grad=True)
    bits = torch.zeros(2, 8, dtype=torch.uint8)
    bits[1, :2] = 1
    sum(attribute_prior(parts, bits)).backward()
    assert parts.grad is not None
    assert (parts.grad[0, 1, :2] < 0).all()
    assert (parts.grad[0, 1, 2:] > 0).all()
