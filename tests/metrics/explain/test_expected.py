"""Expected shares against the mean over all labels, and the two properties for which they exist."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from agreid_cli.metrics.explain.expected import ExpectedShares
from agreid_cli.metrics.explain.explanation import ExplanationMeter

SIZES = (2, 3, 2, 4)
M = sum(SIZES)
STARTS = np.cumsum([0, *SIZES[:-1]])


def target(exclusive: np.ndarray, v: float) -> np.ndarray:
    """The shares that the prior asks for if the labels are known."""
    m_e = exclusive.sum()
    if not m_e:
        return np.full(len(exclusive), 1 / len(exclusive))
    t = (m_e / len(exclusive)) ** v
    common = (1 - t) / (len(exclusive) - m_e) if m_e < len(exclusive) else 0.0
    return np.where(exclusive, t / m_e, common)


def slow(query: np.ndarray, gallery: np.ndarray, v: float) -> np.ndarray:
    total = np.zeros(M)
    for one in product(*map(range, SIZES)):
        for other in product(*map(range, SIZES)):
            places = list(zip(STARTS, one, other, strict=True))
            chance = np.prod([query[s + i] * gallery[s + j] for s, i, j in places])
            exclusive = np.zeros(M, bool)
            for s, i, j in places:
                exclusive[[s + i, s + j]] = i != j
            total += chance * target(exclusive, v)
    return total


def people(n: int, rng: np.random.Generator, concentration: float) -> np.ndarray:
    return np.concatenate([rng.dirichlet(np.full(s, concentration), n) for s in SIZES], axis=1)


@pytest.mark.parametrize("v", [0.25, 0.5, 1.0])
def test_the_mean_over_all_labels(v: float) -> None:
    rng = np.random.default_rng(0)
    query, gallery = people(2, rng, 0.5), people(3, rng, 0.5)
    fast = ExpectedShares(SIZES, v=v)(torch.tensor(query)[:, None], torch.tensor(gallery)[None])
    for i, j in product(range(2), range(3)):
        np.testing.assert_allclose(fast[i, j].numpy(), slow(query[i], gallery[j], v), atol=1e-12)


def test_all_groups_of_two_that_all_differ() -> None:
    shares = ExpectedShares((2, 2), v=0.5)(torch.tensor([1.0, 0, 1, 0]), torch.tensor([0.0, 1, 0, 1]))
    assert shares.tolist() == pytest.approx([0.25] * 4)


def measured(query: np.ndarray, gallery: np.ndarray, labels: np.ndarray) -> ExplanationMeter:
    """The metrics of expected shares over pairs: probabilities (P, M) twice, true bits (2, P, M)."""
    shares = ExpectedShares(SIZES, v=0.5)(torch.tensor(query), torch.tensor(gallery)).numpy()
    meter = ExplanationMeter()
    ones = np.ones(len(shares))
    meter.add(shares.astype(np.float32), labels[0] != labels[1], ones, ones)
    return meter


def truth(n: int, rng: np.random.Generator, prior: np.ndarray) -> np.ndarray:
    bits = np.zeros((n, M), bool)
    for start, size in zip(STARTS, SIZES, strict=True):
        own = prior[start : start + size]
        bits[np.arange(n), start + rng.choice(size, n, p=own / own.sum())] = True
    return bits


def test_uninformative_probabilities_give_the_constant_baseline_and_certain_ones_the_upper_bound() -> None:
    rng = np.random.default_rng(1)
    prior = people(1, rng, 2.0)[0]
    labels = np.stack([truth(500, rng, prior) for _ in range(2)])
    unsure = measured(*[np.tile(prior, (500, 1))] * 2, labels).means()
    for name, (value, _, constant) in unsure.items():
        assert value == pytest.approx(constant, abs=1e-9), name
    assert unsure["XmAP_e"][0] > unsure["XmAP_e"][1]  # frequencies alone are above chance
    certain = measured(*labels.astype(float), labels).means()
    assert [certain[name][0] for name in ("P_e", "P_c", "XmAP_e")] == [1.0, 1.0, 1.0]
    assert certain["XmAP_e"][2] == pytest.approx(unsure["XmAP_e"][0], abs=0.05)


@pytest.mark.parametrize("strength", [0.2, 0.5, 1.0, 2.0])
def test_calibrated_probabilities_are_never_below_the_constant_baseline(strength: float) -> None:
    """Probabilities by Bayes' rule from evidence of any strength, on thousands of pairs."""
    rng = np.random.default_rng(2)
    prior = people(1, rng, 2.0)[0]
    labels = np.stack([truth(4000, rng, prior) for _ in range(2)])
    sides = []
    for bits in labels:
        evidence = rng.normal(0, 1, bits.shape) + strength * bits
        odds = prior * np.exp(strength * evidence)
        for start, size in zip(STARTS, SIZES, strict=True):
            odds[:, start : start + size] /= odds[:, start : start + size].sum(axis=1, keepdims=True)
        sides.append(odds)
    value, _, constant = measured(*sides, labels).means()["XmAP_e"]
    assert value > constant - 0.002
    if strength >= 1:
        assert value > constant + 0.02
