"""Drawn descriptions and their scores, against a loop and against chance."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from agreid_cli.metrics.explain.descriptions import chance_of, draw_descriptions, score_descriptions

SIZES = (3, 2, 4, 2, 3, 2, 2)
M = sum(SIZES)
STARTS = np.cumsum([0, *SIZES[:-1]])
UNKNOWN = [int(start) + size - 1 for start, size in zip(STARTS, SIZES, strict=True) if size > 2]


def crops(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    bits = np.zeros((n, M), np.uint8)
    for start, size in zip(STARTS, SIZES, strict=True):
        bits[np.arange(n), start + rng.integers(0, size, n)] = 1
    return bits


def test_descriptions_fit_someone_and_use_a_group_once() -> None:
    bits = crops(60)
    wanted = draw_descriptions(bits, SIZES, UNKNOWN, n=20, seed=3)
    assert set(wanted.sizes.tolist()) == {1, 2, 3, 4, 5, 6}
    assert len(set(wanted.bits)) == len(wanted.bits)
    group_of = np.repeat(np.arange(len(SIZES)), SIZES)
    for chosen, relevant in zip(wanted.bits, wanted.relevant, strict=True):
        assert len(set(group_of[list(chosen)].tolist())) == len(chosen)
        assert not set(chosen) & set(UNKNOWN)
        assert relevant.tolist() == [all(row[k] for k in chosen) for row in bits]
        assert 0 < relevant.sum() < len(bits)
    again = draw_descriptions(bits, SIZES, UNKNOWN, n=20, seed=3)
    assert again.bits == wanted.bits
    assert draw_descriptions(bits, SIZES, UNKNOWN, n=20, seed=4).bits != wanted.bits


def test_scores_equal_a_plain_ranking() -> None:
    bits = crops(50)
    wanted = draw_descriptions(bits, SIZES, UNKNOWN, n=10, seed=0)
    probable = np.random.default_rng(1).random((50, M))
    found = score_descriptions(probable, wanted)
    for at, (chosen, relevant) in enumerate(zip(wanted.bits, wanted.relevant, strict=True)):
        score = np.prod(probable[:, chosen], axis=1) ** (1 / len(chosen))
        assert found.ap[at] == pytest.approx(average_precision_score(relevant, score))
        assert found.rank1[at] == relevant[score.argmax()]


def test_truth_finds_all_nothing_counts_against_and_random_is_chance() -> None:
    bits = crops(80)
    wanted = draw_descriptions(bits, SIZES, UNKNOWN, n=40, seed=0)
    assert score_descriptions(bits.astype(float), wanted).ap.min() == 1
    assert score_descriptions(np.ones((80, M)), wanted).rank1.max() == 0
    rng = np.random.default_rng(5)
    drawn = [score_descriptions(rng.random((80, M)), wanted) for _ in range(200)]
    chance = chance_of(wanted)
    assert np.mean([d.ap.mean() for d in drawn]) == pytest.approx(chance.ap.mean(), rel=0.05)
    assert np.mean([d.rank1.mean() for d in drawn]) == pytest.approx(chance.rank1.mean(), rel=0.1)
