"""Ranking by ranges of the gallery: the numbers of wrong items of all ranges are added, so the sum is exact.

Nothing but integers is added, and whether an item is before a match depends on the two and the query alone
(`exact.py`). So the ranks are those of `rank`, to the bit, however the gallery is divided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.ranking.checks import check_inputs, check_metric
from agreid_cli.metrics.ranking.engines import engine_of
from agreid_cli.metrics.ranking.exact import Float64
from agreid_cli.metrics.ranking.features import Features
from agreid_cli.metrics.ranking.frame import Float32, Frame, survey
from agreid_cli.metrics.ranking.matches import Labels, Matches, find_matches
from agreid_cli.metrics.ranking.product import cores
from agreid_cli.metrics.ranking.ranking import Ranks, ranks_of
from agreid_cli.metrics.ranking.sweep import Job, match_scores, wrong_before

#: Counts of the ranges: (first row, last row + 1) of each → its counts, in any order.
Counter = Callable[["Prepared", list[tuple[int, int]]], Iterable[npt.NDArray[np.int64]]]


@dataclass(frozen=True)
class Prepared:
    """What every range needs beside the features: read from the whole gallery once."""

    labels: Labels
    frame: Frame
    matches: Matches
    score: Float64
    doubt: Float32
    block_query: int
    block_gallery: int
    engine: str


def prepare(
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
) -> Prepared:
    """The frame of the features and the scores of the true matches; arguments are those of `rank`."""
    check_metric(metric)
    labels, sources = check_inputs(query, gallery, query_pid, gallery_pid, query_camid, gallery_camid)
    with engine_of(engine, sources[0].width) as chosen:
        frame = survey(metric, *sources, block_gallery)
        job = Job(*sources, labels, frame, chosen, cores(threads), block_query, block_gallery)
        matches = find_matches(labels)
        score, doubt = match_scores(job, matches)
    return Prepared(labels, frame, matches, score, doubt, block_query, block_gallery, engine)


def count_range(
    prepared: Prepared, query: Any, gallery: Any, start: int, stop: int, *, threads: int | None = None
) -> npt.NDArray[np.int64]:
    """For each true match the wrong items before it among the gallery's rows from `start` to `stop`."""
    sources = Features("query", query), Features("gallery", gallery)
    p = prepared
    with engine_of(p.engine, sources[0].width) as chosen:
        job = Job(
            *sources, p.labels, p.frame, chosen, cores(threads), p.block_query, p.block_gallery, (start, stop)
        )
        return wrong_before(job, p.matches, p.score, p.doubt)


def ranks_by_ranges(prepared: Prepared, n_gallery: int, step: int, count: Counter) -> Ranks:
    """The ranks, from the counts of ranges of `step` rows.

    >>> said = dict(query_pid=[1], gallery_pid=[1, 2, 3, 1], query_camid=[0], gallery_camid=[1, 1, 1, 2])
    >>> query, gallery = np.array([[0.0]]), np.array([[2.0], [1.0], [3.0], [4.0]])
    >>> here = lambda p, spans: [count_range(p, query, gallery, a, b) for a, b in spans]
    >>> ranks_by_ranges(prepare(query, gallery, **said), 4, 3, here).first_hit.tolist()
    [2]
    """
    spans = [(start, min(start + step, n_gallery)) for start in range(0, n_gallery, step)]
    before = np.zeros(len(prepared.matches.item), np.int64)
    for counts in count(prepared, spans):
        before += counts
    return ranks_of(prepared.matches, before)
