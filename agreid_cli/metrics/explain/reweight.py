"""Ranking by a distance that the explanation re-weights: D' = (1 + p·b)·d, and how p is chosen.

b_ij = Σ_k s_k x_k in 0..1 is how much of the distance falls on attributes in which query and gallery crop
differ, so that a pair that is far apart *for a reason that can be named* is moved further. x comes from
attributes that are predicted on both sides, and p from identities that are not in the test.

AMD's own form takes x from the true attributes of the query and takes the p that ranks the test set best, 0
among them: its Rank-1 cannot fall below the base, whatever b is. It is an upper bound and no result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.ranking.ranking import Ranks
from agreid_cli.metrics.ranking.summary import Summary, summarise

Floats = npt.NDArray[np.floating[Any]]
#: AMD's grid: 0, 0.05 … 1.95.
GRID = tuple(round(0.05 * step, 2) for step in range(40))


def reweighted(d: Floats, b: Floats, p: float) -> npt.NDArray[np.float32]:
    """D' = (1 + p·b)·d, elementwise."""
    return (d * (1 + p * b)).astype(np.float32)


def expected_xor(query: Floats, gallery: Floats) -> npt.NDArray[np.float32]:
    """How likely two people differ in a bit: chances (..., M) and (..., M) → (..., M).

    With certain attributes, 0 or 1, it is Eq. 5's exclusive-or; an unseen bit adds about the same to all.

    >>> expected_xor(np.array([1.0, 1.0, 0.5]), np.array([0.0, 1.0, 0.0])).tolist()
    [1.0, 0.0, 0.5]
    """
    return (query * (1 - gallery) + gallery * (1 - query)).astype(np.float32)


def amd_xor(query: npt.NDArray[np.uint8], gallery: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """AMD's own x, quirk included: 0.5 where the gallery's bit is predicted absent, else 1 − the query's."""
    return np.where(gallery == 1, 1.0 - query, 0.5).astype(np.float32)


@dataclass(frozen=True)
class Swept:
    """The p that was kept, and the scores at every p of the grid, in order."""

    p: float
    ranks: Ranks
    scores: tuple[tuple[float, Summary], ...]


def sweep(
    rank: Callable[[Floats], Ranks],
    d: Floats,
    b: Floats,
    *,
    by: str = "mAP",
    larger_p_on_ties: bool = False,
    grid: Sequence[float] = GRID,
) -> Swept:
    """Rank `d` (q, g) at every p of the grid by `rank`, and keep the one with the best `by`: mAP or rank1.

    With 0 in the grid the best is never below the base: on the set that was swept, that says nothing.
    """
    best: tuple[float, float, Ranks] | None = None
    scores: list[tuple[float, Summary]] = []
    for p in grid:
        ranks = rank(reweighted(d, b, p))
        summary = summarise(ranks, ks=(1, 5, 10))
        scores.append((p, summary))
        value = summary.mAP if by == "mAP" else summary.cmc[1]
        if best is None or value > best[0] or (value == best[0] and larger_p_on_ties):
            best = (value, p, ranks)
    if best is None:
        raise ValueError("the grid is empty")
    return Swept(best[1], best[2], tuple(scores))
