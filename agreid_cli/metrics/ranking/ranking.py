"""Exact ranks of the true matches of every query, and the metrics derived from them.

A *true match* of a query is a gallery item with its pid. *Junk* is ignored: an item with the query's pid
and the query's camid, and any item with pid −1. A query without a true match, or
with pid −1, is not valid and is excluded from every mean.

**Ties count against the query.** A wrong item at exactly the distance of a true match is ranked before it;
tied true matches each keep their own rank. So a model that gives every image the same embedding gets the
lowest possible score, whatever the position of its matches in the file. "Exactly" refers to the distance in
`exact.py`, which depends only on the two vectors; so the ranks do not depend on block sizes, threads, or the
library that multiplies.

From the sorted ranks r₁ < … < r_m of its m true matches follow, for each query, the average precision
(the mean of precision at hits, Σ k/r_k ÷ m), the rank of the first hit (r₁), and the inverse penalty (m/r_m).

A hand-worked example. One query (pid 1, camera 0) at position 0 on a line, and seven gallery items:

======== === ====== ======== ===============================================
position pid camera distance what it is
======== === ====== ======== ===============================================
1        1   0      1        junk: the query's own pid and camera
2        2   1      2        wrong, rank 1
−3       3   1      3        wrong, tied with the match below: before it
3        1   1      3        true match, rank 3
4        −1  1      4        junk: pid −1
5        1   2      5        true match, rank 4
6        2   2      6        wrong, rank 5
======== === ====== ======== ===============================================

The average precision is (1/3 + 2/4) / 2 = 5/12, the first hit is at rank 3, the inverse penalty is 2/4.

>>> ranks = rank(
...     np.array([[0.0]]),
...     np.array([[1.0], [2.0], [-3.0], [3.0], [4.0], [5.0], [6.0]]),
...     query_pid=[1], gallery_pid=[1, 2, 3, 1, -1, 1, 2],
...     query_camid=[0], gallery_camid=[0, 1, 1, 1, 1, 2, 2],
... )
>>> round(float(ranks.average_precision[0]), 12) == round(5 / 12, 12)
True
>>> ranks.first_hit.tolist(), ranks.inverse_penalty.tolist(), ranks.n_match.tolist()
([3], [0.5], [2])
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.ranking.checks import check_inputs, check_metric
from agreid_cli.metrics.ranking.engines import engine_of
from agreid_cli.metrics.ranking.exact import Float64
from agreid_cli.metrics.ranking.frame import survey
from agreid_cli.metrics.ranking.matches import Ints, Matches, find_matches
from agreid_cli.metrics.ranking.product import cores
from agreid_cli.metrics.ranking.sweep import Job, match_scores, wrong_before

_QUERIES_AT_A_TIME = 4096


@dataclass(frozen=True)
class Ranks:
    """The ranking result, one entry per query, in the order of the queries."""

    average_precision: Float64  # (n_query,), NaN if the query has no true match
    first_hit: Ints  # (n_query,), 1-based after junk is removed, 0 if there is no true match
    inverse_penalty: Float64  # (n_query,), n_match ÷ rank of the last match, NaN if there is none
    n_match: Ints  # (n_query,)

    @property
    def valid(self) -> npt.NDArray[np.bool_]:
        """(n_query,): the query has a true match and counts."""
        return self.n_match > 0


def rank(
    query: Any,
    gallery: Any,
    *,
    query_pid: npt.ArrayLike,
    gallery_pid: npt.ArrayLike,
    query_camid: npt.ArrayLike,
    gallery_camid: npt.ArrayLike,
    metric: str = "euclidean",
    block_query: int = 512,
    block_gallery: int = 32768,
    threads: int | None = None,
    engine: str = "auto",
) -> Ranks:
    """Rank `gallery` (g, D) for each row of `query` (q, D).

    Features may be arrays of any float type, memory-mapped files, or objects with `shape` and slicing;
    they are read in blocks of `block_gallery` rows and never copied as a whole. `threads` is the number of
    cores to use (all by default); `engine` multiplies: "numpy", "torch", "torch:cuda", or "auto".
    Neither of these changes the result.

    Raises `InputError` for shapes that do not match and for rows that are not finite.
    """
    check_metric(metric)
    labels, sources = check_inputs(query, gallery, query_pid, gallery_pid, query_camid, gallery_camid)
    threads = cores(threads)
    with engine_of(engine, sources[0].width) as chosen:
        frame = survey(metric, *sources, block_gallery)
        job = Job(*sources, labels, frame, chosen, threads, block_query, block_gallery)
        matches = find_matches(labels)
        before = wrong_before(job, matches, *match_scores(job, matches))
    return ranks_of(matches, before)


def ranks_of(matches: Matches, before: npt.NDArray[np.int64]) -> Ranks:
    """Compute the metrics of each query from the number of wrong items before each true match."""
    count = matches.count
    n_query = len(count)
    figures = np.full((2, n_query), np.nan)
    first_hit = np.zeros(n_query, np.int64)
    for start in range(0, n_query, _QUERIES_AT_A_TIME):
        part = slice(start, start + _QUERIES_AT_A_TIME)
        span = slice(matches.start[start], matches.start[min(start + _QUERIES_AT_A_TIME, n_query)])
        query = np.repeat(np.arange(len(count[part])), count[part])
        wrong = before[span][np.lexsort((before[span], query))]
        end = np.cumsum(count[part])
        place = np.arange(len(query)) - np.repeat(end - count[part], count[part]) + 1
        precision = np.bincount(query, weights=place / (wrong + place), minlength=len(end))
        valid = count[part] > 0
        last = (wrong + place)[end[valid] - 1]
        figures[0, part][valid] = precision[valid] / count[part][valid]
        figures[1, part][valid] = count[part][valid] / last
        first_hit[part][valid] = wrong[(end - count[part])[valid]] + 1
    return Ranks(figures[0], first_hit, figures[1], count)
