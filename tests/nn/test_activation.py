"""Eq. 1 at the boundary of its branches."""

from __future__ import annotations

import pytest
import torch

from agreid_cli.nn.activation import activation


def test_values() -> None:
    found = activation(torch.tensor([0.0, -1.0, 3.0, -80.0, 1e6]))
    assert found.tolist() == pytest.approx([1, 0.36788, 2, 0, 1000.0005], abs=1e-4)
    assert (found > 0).all()


def test_slopes_left_and_right_of_zero() -> None:
    x = torch.tensor([-1e-9, 0.0, 1e-9], dtype=torch.float64, requires_grad=True)
    activation(x).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == pytest.approx([1.0, 0.5, 0.5], abs=1e-6)


def test_constants_and_steady_gradients() -> None:
    assert activation(torch.tensor(7.0), scale=0.25, growth=1 / 3).item() == pytest.approx(0.5)
    x = torch.tensor([-1e4, 1e30], requires_grad=True)
    activation(x).sum().backward()
    assert torch.isfinite(x.grad).all()
