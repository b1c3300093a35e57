"""Class-balanced cross-entropy against its formula, bit by bit."""

from __future__ import annotations

import math

import pytest
import torch

from agreid_cli.nn.losses.balanced import balanced_bce


def test_equals_the_formula() -> None:
    logits, bits = torch.tensor([[0.3, -2.0], [1.5, 0.1]]), torch.tensor([[1, 0], [0, 1]], dtype=torch.uint8)
    rates = torch.tensor([0.1, 0.7])
    total = 0.0
    for i in range(2):
        for k in range(2):
            y, r, p = int(bits[i, k]), float(rates[k]), 1 / (1 + math.exp(-float(logits[i, k])))
            weight = math.exp(1 - r) if y else math.exp(r)
            total -= weight * math.log(p if y else 1 - p)
    assert balanced_bce(logits, bits, rates).item() == pytest.approx(total / 4, rel=1e-6)


def test_a_rare_bit_weighs_more_where_it_is_there() -> None:
    rates, wrong = torch.tensor([0.05]), torch.tensor([[0.0]])
    there = balanced_bce(wrong, torch.tensor([[1]]), rates)
    absent = balanced_bce(wrong, torch.tensor([[0]]), rates)
    assert there.item() / absent.item() == pytest.approx(math.exp(0.9), rel=1e-5)
