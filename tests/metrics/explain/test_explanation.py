"""Explanation metrics compared with a plain implementation, and chance levels with random shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.metrics.explain.explanation import ExplanationMeter, chance, pair_scores


def plain_ap(hits: list[bool]) -> float:
    precisions = [sum(hits[: i + 1]) / (i + 1) for i in range(len(hits)) if hits[i]]
    return sum(precisions) / len(precisions) if precisions else 0.0


def plain_scores(shares: list[float], exclusive: list[bool]) -> list[float]:
    m, m_e = len(shares), sum(exclusive)
    if m_e == 0:
        fair = [s <= float(np.float32(2 / m)) for s in shares]  # shares are float32
        order = sorted(range(m), key=lambda k: (-shares[k], fair[k]))
        return [np.nan, np.nan, np.nan, plain_ap([fair[k] for k in order])]
    down = sorted(range(m), key=lambda k: (-shares[k], exclusive[k]))
    up = sorted(range(m), key=lambda k: (shares[k], not exclusive[k]))
    return [
        sum(exclusive[k] for k in down[:m_e]) / m_e,
        sum(not exclusive[k] for k in up[: m - m_e]) / (m - m_e) if m > m_e else np.nan,
        plain_ap([exclusive[k] for k in down]),
        plain_ap([not exclusive[k] for k in up]) if m > m_e else np.nan,
    ]


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 12))
def test_equals_the_sentences(seed: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    shares = rng.integers(0, 4, (6, m)).astype(np.float32)  # many ties
    shares[:, 0] += 1
    shares /= shares.sum(axis=1, keepdims=True)
    exclusive = rng.random((6, m)) < rng.choice([0.0, 0.2, 0.7, 1.0], (6, 1))
    found = pair_scores(shares, exclusive)
    wanted = [plain_scores(s.tolist(), e.tolist()) for s, e in zip(shares, exclusive, strict=True)]
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_equal_shares_win_nothing() -> None:
    exclusive = np.zeros((1, 8), bool)
    exclusive[0, :2] = True
    found = pair_scores(np.full((1, 8), 1 / 8, np.float32), exclusive)[0]
    assert found[0] == 0
    assert found[2] < chance(2, 8)["XmAP_e"]


def test_chance_levels_of_the_paper_sized_pair() -> None:
    assert list(chance(14, 88).values()) == pytest.approx([0.159, 0.841, 0.198, 0.848], abs=6e-4)


def test_random_shares_score_what_chance_says() -> None:
    rng = np.random.default_rng(0)
    exclusive = np.zeros((4000, 20), bool)
    exclusive[:, :5] = True
    shares = rng.dirichlet(np.ones(20), 4000).astype(np.float32)
    means = pair_scores(shares, exclusive).mean(axis=0)
    assert means.tolist() == pytest.approx(list(chance(5, 20).values()), abs=0.01)


def test_meter_over_blocks_is_the_mean_over_all() -> None:
    rng = np.random.default_rng(1)
    shares = rng.dirichlet(np.ones(10), 50).astype(np.float32)
    exclusive = rng.random((50, 10)) < 0.3
    exclusive[::9] = False
    d = rng.uniform(1, 2, 50)
    meter = ExplanationMeter()
    for part in (slice(0, 7), slice(7, 50)):
        meter.add(shares[part], exclusive[part], d[part], d[part] * 1.02)
    scores = pair_scores(shares, exclusive)
    same = pair_scores(np.tile(shares.mean(axis=0), (50, 1)), exclusive)
    for i, (value, level, constant) in enumerate(meter.means().values()):
        assert value == pytest.approx(np.nanmean(scores[:, i]))
        assert 0 < level < 1
        assert constant == pytest.approx(np.nanmean(same[:, i]))
    assert meter.adre == pytest.approx(0.02)
    assert (meter.n_pairs, meter.n_alike) == (50, int((~exclusive.any(axis=1)).sum()))


def test_shares_that_are_the_same_for_all_gain_nothing_over_themselves() -> None:
    rng = np.random.default_rng(2)
    often = rng.random(16)
    exclusive = rng.random((300, 16)) < often * 0.6
    shares = np.tile(often / often.sum(), (300, 1)).astype(np.float32)
    meter = ExplanationMeter()
    meter.add(shares, exclusive, np.ones(300), np.ones(300))
    for value, level, constant in meter.means().values():
        assert value == pytest.approx(constant, abs=1e-6)
        assert value > level + 0.02  # and yet far above chance
    assert ExplanationMeter().means()["P_e"] == pytest.approx((np.nan,) * 3, nan_ok=True)
