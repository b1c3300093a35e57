"""Rank correlations of maps, against scipy's one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from agreid_cli.stages.explain.sanity import correlations


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_as_scipy_with_ties(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = (rng.integers(0, levels, (3, 2, 4, 2)).astype(np.float32) for _ in range(2))
    found = correlations(one, other)
    assert found.shape == (3, 2)
    for crop in range(3):
        for bit in range(2):
            a, b = one[crop, bit].ravel(), other[crop, bit].ravel()
            flat = np.ptp(a) == 0 or np.ptp(b) == 0
            wanted = 0.0 if flat else spearmanr(a, b).statistic
            assert found[crop, bit] == pytest.approx(wanted, abs=1e-12)
