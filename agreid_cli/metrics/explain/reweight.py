"""Ranking by a distance re-weighted by the explanation: D' = (1 + p·b)·d, and the choice of p.

b_ij = Σ_k s_k x_k in 0..1 is the share of the distance on attributes in which query and gallery crop
differ, so a pair whose distance has a *nameable reason* is moved further apart. x comes from
attributes predicted for both crops, and p from identities outside the test.

AMD's own form takes x from the true attributes of the query, and the p that ranks the test set best, with 0
among the choices: its Rank-1 cannot be below the base, whatever b is. It is an upper bound, not a result.
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
    """Probability that two people differ in a bit: probabilities (..., M) and (..., M) → (..., M).

    For certain attributes, 0 or 1, it is the exclusive-or of Eq. 5; an unseen bit adds about the same to all.

    >>> expected_xor(np.array([1.0, 1.0, 0.5]), np.array([0.0, 1.0, 0.0])).tolist()
    [1.0, 0.0, 0.5]
    """
    return (query * (1 - gallery) + gallery * (1 - query)).astype(np.float32)


def amd_xor(query: npt.NDArray[np.uint8], gallery: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """AMD's own x, including its quirk: 0.5 if the gallery's bit is predicted absent, else 1 − query bit."""
    return np.where(gallery == 1, 1.0 - query, 0.5).astype(np.float32)


@dataclass(frozen=True)
class Swept:
    """The chosen p, and the scores at every p of the grid, in order."""

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
    """Rank `d` (q, g) at every p of the grid with `rank`, and keep the one with the best `by`: mAP or rank1.

    If 0 is in the grid, the best is never below the base on the set that was swept.
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
