"""Recognition metrics on a table that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.metrics.explain.recognition import predicted_bits, recognition


def test_counted_by_hand() -> None:
    bits = np.array([[1, 0, 0, 1, 0], [1, 0, 0, 1, 0], [0, 1, 0, 1, 0], [0, 1, 0, 1, 0]], np.uint8)
    scores = np.array([[0.9, 0.1, 0.2, 0.8, 0.1], [0.4, 0.6, 0.2, 0.2, 0.3], [0.1, 0.7, 0.6, 0.6, 0.4],
                       [0.6, 0.55, 0.1, 0.9, 0.7]])  # fmt: skip
    found = recognition(scores, bits, (3, 2))
    assert found.accuracy.tolist() == [0.5, 0.75]
    assert found.majority.tolist() == [0.5, 1.0]
    # bit 0: 1 of 2 found, 1 of 2 spared; bit 1: 2 of 2, 1 of 2; bits 2, 3, 4: all or none have it
    np.testing.assert_allclose(found.mA, [0.5, 0.75, np.nan, np.nan, np.nan])
    assert found.positive.tolist() == [2, 2, 0, 4, 0]


def test_always_no_scores_half() -> None:
    bits = np.eye(4, dtype=np.uint8)
    found = recognition(np.zeros((4, 4)), bits, (4,))
    assert found.mA.tolist() == [0.5] * 4
    assert predicted_bits(np.zeros((4, 4)), (4,)).sum(axis=1).tolist() == [1] * 4


def test_no_labelled_crop_has_no_score() -> None:
    found = recognition(np.zeros((0, 3)), np.zeros((0, 3), np.uint8), (3,))
    assert np.isnan(found.accuracy).all()
    assert found.n == 0
    assert found.mA == pytest.approx([np.nan] * 3, nan_ok=True)


def test_a_rare_label_counts_in_the_balanced_accuracy_after_division_by_what_is_usual() -> None:
    """The network doubles the probability of the rare label where it is, which is still not the largest."""
    bits = np.repeat(np.eye(2, dtype=np.uint8), [9, 1], axis=0)
    scores = np.where(bits[:, 1:] == 1, [0.8, 0.2], [0.9, 0.1])
    assert recognition(scores, bits, (2,)).balanced.tolist() == [0.5]
    even = recognition(scores, bits, (2,), even=scores / scores.mean(axis=0))
    assert even.balanced.tolist() == [1.0]
    assert even.accuracy.tolist() == [0.9]  # of the most probable label, as before
