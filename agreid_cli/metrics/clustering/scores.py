"""Groups of tracks against the truth: pairwise, B-cubed, V-measure, adjusted Rand index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import adjusted_rand_score, v_measure_score
from sklearn.metrics.cluster import contingency_matrix

from agreid_cli.metrics.clustering.units import Ints


@dataclass(frozen=True)
class GroupScores:
    """All in 0..1. pairwise: over pairs of tracks in one group. bcubed: mean over tracks (Bagga and Baldwin,
    Entity-based cross-document coreferencing using the vector space model, ACL 1998).
    """

    n_tracks: int
    n_people: int
    n_groups: int
    pairwise_precision: float
    pairwise_recall: float
    pairwise_f1: float
    bcubed_precision: float
    bcubed_recall: float
    bcubed_f1: float
    v_measure: float
    ari: float


def score_groups(truth: Ints, group: Ints) -> GroupScores:
    """`truth` and `group`: the person and the proposed group of each track, int64 (n,).

    Without a pair in any group, precision is 1; without a true pair, recall is 1.

    >>> found = score_groups(np.array([1, 1, 1, 2]), np.array([5, 5, 6, 6]))
    >>> found.pairwise_precision, round(found.pairwise_recall, 3), round(found.bcubed_precision, 3)
    (0.5, 0.333, 0.75)
    """
    table = contingency_matrix(truth, group, sparse=True).tocsr()
    together = _pairs(table.data)
    proposed, true = _pairs(np.asarray(table.sum(axis=0))), _pairs(np.asarray(table.sum(axis=1)))
    precision = together / proposed if proposed else 1.0
    recall = together / true if true else 1.0
    cells = table.tocoo()
    n = max(len(truth), 1)
    square = cells.data.astype(np.float64) ** 2
    of_group = np.asarray(table.sum(axis=0)).ravel()[cells.col]
    of_person = np.asarray(table.sum(axis=1)).ravel()[cells.row]
    b_precision, b_recall = float((square / of_group).sum() / n), float((square / of_person).sum() / n)
    return GroupScores(
        len(truth), table.shape[0], table.shape[1], precision, recall, f1(precision, recall),
        b_precision, b_recall, f1(b_precision, b_recall),
        float(v_measure_score(truth, group)), float(adjusted_rand_score(truth, group)),
    )  # fmt: skip


def _pairs(counts: np.ndarray) -> float:
    wide = counts.astype(np.float64)
    return float((wide * (wide - 1) / 2).sum())


def f1(precision: float, recall: float) -> float:
    """The harmonic mean; 0 if both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
