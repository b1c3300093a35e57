"""Attributes from boxes: against scikit-learn, on other people, and with few or extreme boxes."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from agreid_cli.nn import boxed
from agreid_cli.nn.boxed import DEGREE, FARTHEST, PENALTY, SUREST, Boxed
from agreid_cli.records.box_cues import CUES
from agreid_cli.records.side import Side


def drawn(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Boxes, and three bits: tall for its place, broad, and one that no box tells."""
    rng = np.random.default_rng(seed)
    cues = rng.uniform(-1, 1, (n, len(CUES))).astype(np.float32)
    cues[:, CUES.index("in_frame")] = 1
    shape, size, foot = (cues[:, CUES.index(name)] for name in ("shape", "size", "foot"))
    bits = np.stack([size > 0.3 * foot + 0.2 * foot**2, shape > 0.2, rng.random(n) < 0.5], axis=1)
    return torch.from_numpy(cues), torch.from_numpy(bits)


def slowly(cues: torch.Tensor, fitted: Boxed) -> np.ndarray:
    """The standardised terms, one at a time."""
    z = ((cues - fitted.mean) / fitted.std).clamp(-FARTHEST, FARTHEST).double().numpy()
    terms = []
    for factors in combinations_with_replacement(range(len(CUES) + 1), DEGREE):
        term = np.ones(len(z))
        for factor in factors:
            term = term * (z[:, factor - 1] if factor else 1)
        terms.append(term)
    return (np.stack(terms, axis=1) - fitted.term_mean.numpy()) / fitted.term_std.numpy()


def test_the_fit_is_that_of_scikit_learn() -> None:
    cues, bits = drawn(150, 0)
    fitted = Boxed(3)
    fitted.fit(cues, bits)
    file = cues.clone()
    file[:, 1:] = 0
    both, twice = torch.cat([cues, file]), torch.cat([bits, bits]).numpy()
    features = slowly(both, fitted)
    with torch.no_grad():
        found = fitted(Side(box=both)).sigmoid().numpy()
    for bit in range(3):
        peer = LogisticRegression(C=1 / PENALTY, solver="newton-cholesky").fit(features, twice[:, bit])
        np.testing.assert_allclose(found[:, bit], peer.predict_proba(features)[:, 1], atol=0.02)


def test_strangers_are_recognised_where_the_box_tells() -> None:
    fitted = Boxed(3)
    fitted.fit(*drawn(2000, 0))
    cues, bits = drawn(1000, 1)
    with torch.no_grad():
        right = ((fitted(Side(box=cues)) > 0) == bits).float().mean(0)
    assert right[0] > 0.9
    assert right[1] > 0.9
    assert 0.4 < right[2] < 0.6


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_boxes_and_far_ones_give_finite_probabilities(n: int) -> None:
    fitted = Boxed(3)
    cues, bits = drawn(n, 2)
    fitted.fit(cues, bits)
    with torch.no_grad():
        found = fitted(Side(box=torch.cat([cues, cues * 1e4, torch.zeros_like(cues)])))
    assert torch.isfinite(found).all()
    assert found.abs().max() <= SUREST


def test_without_a_position_only_the_shape_counts_as_it_was_fitted() -> None:
    fitted = Boxed(3)
    cues, bits = drawn(200, 5)
    fitted.fit(cues, bits)
    lost = cues.clone()
    lost[:, CUES.index("in_frame")] = 0
    file = torch.zeros_like(cues)
    file[:, 0] = cues[:, 0]
    with torch.no_grad():
        unplaced, of_file, placed = (fitted(Side(box=each)) for each in (lost, file, cues))
    assert torch.equal(unplaced, of_file)
    assert (placed - of_file).abs().max() > 1


def test_view_and_shape_count_where_no_training_crop_had_a_position() -> None:
    fitted = Boxed(3)
    cues, _ = drawn(200, 6)
    cues[:, CUES.index("in_frame")] = 0
    aerial = cues[:, CUES.index("view")] > 0
    fitted.fit(cues, aerial[:, None].expand(-1, 3))
    with torch.no_grad():
        assert ((fitted(Side(box=cues)) > 0)[:, 0] == aerial).float().mean() > 0.95


def test_mixed_precision_changes_nothing() -> None:
    fitted = Boxed(3)
    cues, bits = drawn(50, 4)
    fitted.fit(cues, bits)
    plain = fitted(Side(box=cues))
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(fitted(Side(box=cues)), plain)


def test_many_boxes_are_thinned_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    cues, bits = drawn(90, 3)
    monkeypatch.setattr(boxed, "MOST", 30)
    thinned, third = Boxed(3), Boxed(3)
    thinned.fit(cues, bits)
    third.fit(cues[::3], bits[::3])
    assert torch.equal(thinned.weight, third.weight)


def test_without_boxes_it_says_so() -> None:
    with pytest.raises(ValueError, match="box"):
        Boxed(3)(Side())
