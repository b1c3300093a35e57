"""Mean and spread of shares, against a loop over pairs."""

from __future__ import annotations

import numpy as np

from agreid_cli.metrics.explain.levels import LevelMeter


def test_equal_to_a_loop_over_pairs() -> None:
    rng = np.random.default_rng(0)
    shares, exclusive = rng.random((40, 5)), np.zeros((40, 5), bool)
    exclusive[:, 0] = exclusive[:, 1] = rng.random(40) < 0.5
    exclusive[:, 2] = exclusive[:, 4] = True  # the second group differs in every pair
    meter = LevelMeter((2, 3))
    meter.add(shares[:17], exclusive[:17])
    meter.add(shares[17:], exclusive[17:])
    np.testing.assert_allclose(meter.mean(), shares.mean(axis=0))
    alike = shares[~exclusive[:, 0], :2]
    np.testing.assert_allclose(meter.spread()[:2], alike.std(axis=0))
    np.testing.assert_allclose(meter.spread()[2:], shares[:, 2:].std(axis=0))
