"""Calibration on drawn logits: right probabilities, and the frequencies where logits say nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from agreid_cli.metrics.explain.calibration import (
    POWERS,
    GroupCalibration,
    calibrate_group,
    calibrated,
    frequencies,
    logits_of,
    over_typical,
)
from agreid_cli.metrics.explain.reliability import reliability_bins

PRIOR = np.array([0.6, 0.3, 0.1])


def drawn(n_people: int, gain: float, seed: int = 0, crops: int = 4) -> tuple[np.ndarray, ...]:
    """Logits that follow the label with strength `gain`, overconfident by four: of each crop its own."""
    rng = np.random.default_rng(seed)
    label = np.repeat(rng.choice(3, n_people, p=PRIOR), crops)
    evidence = rng.normal(0, 1, (len(label), 3))
    evidence[np.arange(len(label)), label] += gain
    return 4 * gain * evidence, label, np.repeat(np.arange(n_people), crops)


def probable(found: GroupCalibration, logits: np.ndarray) -> np.ndarray:
    return calibrated(1 / (1 + np.exp(-logits)), [found], (3,))


def test_probabilities_of_strangers_become_right() -> None:
    logits, label, person = drawn(300, 1.0)
    found = calibrate_group(logits, label, person, PRIOR)
    assert found.recognised
    # the logits are four times too large and lack the frequencies: both are found
    assert found.temperature == pytest.approx(4, rel=0.3)
    assert found.prior_weight == pytest.approx(1, abs=0.3)
    others, truth, _ = drawn(3000, 1.0, seed=1)
    bits = np.eye(3, dtype=np.uint8)[truth]
    _, before = reliability_bins(1 / (1 + np.exp(-others)), bits, (3,))
    bins, after = reliability_bins(probable(found, others), bits, (3,))
    assert after < 0.05
    assert before > 0.1
    assert sum(n for *_, n in bins) == len(truth)


@pytest.mark.parametrize("seed", range(8))
def test_noise_falls_back_to_the_frequencies(seed: int) -> None:
    rng = np.random.default_rng(seed)
    label, person = np.repeat(rng.choice(3, 40, p=PRIOR), 3), np.repeat(np.arange(40), 3)
    logits = np.repeat(rng.normal(0, 5, (40, 3)), 3, axis=0)  # each person's own, as if learnt by heart
    found = calibrate_group(logits, label, person, PRIOR)
    assert (found.sharpness, found.recognised) == (0.0, False)
    np.testing.assert_allclose(probable(found, logits), np.tile(PRIOR, (120, 1)), rtol=1e-6)


def test_the_fit_is_the_best_by_another_minimiser() -> None:
    logits, label, person = drawn(60, 0.7, seed=3, crops=1)

    def loss(at: np.ndarray) -> float:
        z = at[0] * logits + at[1] * np.log(PRIOR)
        return float(np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(60), label]))

    best = minimize(loss, [0.1, 0.9], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
    found = calibrate_group(logits, label, person, PRIOR)
    assert (found.sharpness, found.prior_weight) == pytest.approx(tuple(best.x), abs=2e-3)


def test_each_person_counts_once() -> None:
    logits, label, person = drawn(40, 0.8, seed=5, crops=1)
    often = np.concatenate([np.arange(40), np.zeros(50, int), np.full(50, 7)])
    one = calibrate_group(logits, label, person, PRIOR)
    many = calibrate_group(logits[often], label[often], person[often], PRIOR)
    assert (many.sharpness, many.nll) == pytest.approx((one.sharpness, one.nll), rel=1e-3)


def test_informative_but_never_right_more_often_is_not_recognised() -> None:
    """A rare label that stays below one half: its probability helps, the most probable label is the same."""
    rng = np.random.default_rng(0)
    prior = np.array([0.95, 0.05])
    label = (rng.random(2000) < 0.05).astype(int)
    logits = np.stack([np.zeros(2000), label + rng.normal(0, 1, 2000)], axis=1)
    found = calibrate_group(logits, label, np.arange(2000), prior)
    assert found.sharpness > 0
    assert not found.recognised
    assert found.nll < found.nll_prior


def recall(found: GroupCalibration, logits: np.ndarray, label: np.ndarray, power: float) -> float:
    """Balanced accuracy, label by label."""
    said = over_typical(probable(found, logits), np.array(found.typical), power).argmax(axis=1)
    return float(np.mean([(said[label == one] == one).mean() for one in np.unique(label)]))


def test_labels_of_strangers_are_found_evenly() -> None:
    found = calibrate_group(*drawn(300, 0.5), PRIOR)
    logits, label, _ = drawn(3000, 0.5, seed=1)
    even = recall(found, logits, label, found.evenness)
    assert even > recall(found, logits, label, 0) + 0.05
    assert even > max(recall(found, logits, label, power) for power in POWERS) - 0.01


def test_a_rare_label_that_is_taken_for_others_does_not_swallow_them() -> None:
    rare = np.array([0.58, 0.4, 0.02])

    def people(n: int, seed: int) -> tuple[np.ndarray, ...]:
        rng = np.random.default_rng(seed)
        label = rng.choice(3, n, p=rare)
        logits = rng.normal(0, 1, (n, 3)) + np.eye(3)[label] * [3, 3, -2]
        return logits, label, np.arange(n)

    found = calibrate_group(*people(600, 0), rare)
    logits, label, _ = people(4000, 1)
    assert found.evenness < 1
    assert recall(found, logits, label, found.evenness) > recall(found, logits, label, 1) + 0.01


def test_frequencies_are_positive_and_logits_come_back() -> None:
    bits = np.eye(5, dtype=np.uint8)[[0, 0, 1]]
    first, second = frequencies(bits, (3, 2))
    assert first.tolist() == pytest.approx([2.5 / 4.5, 1.5 / 4.5, 0.5 / 4.5])
    assert second.sum() == pytest.approx(1)
    x = np.array([-9.0, 0.0, 3.5])
    np.testing.assert_allclose(logits_of(1 / (1 + np.exp(-x))), x, rtol=1e-6)


def test_four_people_are_too_few() -> None:
    with pytest.raises(ValueError, match="5 people, not 4"):
        calibrate_group(np.zeros((4, 3)), np.zeros(4, int), np.arange(4), PRIOR)
