"""The metrics of one ranking: mAP, CMC, mINP, and the number of queries averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agreid_cli.metrics.ranking.ranking import Ranks

KS = (1, 5, 10, 20, 50)


@dataclass(frozen=True)
class Summary:
    """Means over the valid queries, 0..1; NaN if no query is valid."""

    mAP: float
    cmc: dict[int, float]
    mINP: float
    n_query: int
    n_valid: int
    n_dropped: int


def summarise(ranks: Ranks, ks: Sequence[int] = KS) -> Summary:
    """`cmc[k]` is the fraction of valid queries whose first hit is at rank k or better.

    >>> ranks = Ranks(np.array([1.0, 0.5, np.nan]), np.array([1, 2, 0]), np.array([1.0, 0.5, np.nan]),
    ...               np.array([3, 1, 0]))
    >>> summarise(ranks, ks=(1, 5))
    Summary(mAP=0.75, cmc={1: 0.5, 5: 1.0}, mINP=0.75, n_query=3, n_valid=2, n_dropped=1)
    """
    valid = ranks.valid
    n_query, n_valid = len(valid), int(valid.sum())
    if n_valid == 0:
        return Summary(float("nan"), dict.fromkeys(ks, float("nan")), float("nan"), n_query, 0, n_query)
    first = ranks.first_hit[valid]
    return Summary(
        mAP=float(ranks.average_precision[valid].mean()),
        cmc={k: float(np.mean(first <= k)) for k in ks},
        mINP=float(ranks.inverse_penalty[valid].mean()),
        n_query=n_query,
        n_valid=n_valid,
        n_dropped=n_query - n_valid,
    )
