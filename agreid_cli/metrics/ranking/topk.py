"""The k nearest gallery items of every query, in the order that defines the ranks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.errors import InputError
from agreid_cli.metrics.ranking.checks import check_inputs, check_metric
from agreid_cli.metrics.ranking.engines import engine_of
from agreid_cli.metrics.ranking.exact import Float64
from agreid_cli.metrics.ranking.frame import survey
from agreid_cli.metrics.ranking.matches import Ints
from agreid_cli.metrics.ranking.nearest import is_match, nearest
from agreid_cli.metrics.ranking.product import cores
from agreid_cli.metrics.ranking.sweep import Job


@dataclass(frozen=True)
class TopK:
    """Nearest first; a query with fewer than k non-junk items is padded."""

    index: Ints  # (n_query, k) rows of the gallery, −1 for none
    distance: Float64  # (n_query, k) Euclidean distance, or 1 − cosine; infinite for none
    match: npt.NDArray[np.bool_]  # (n_query, k) the item has the query's pid


def topk(
    query: Any,
    gallery: Any,
    k: int,
    *,
    query_pid: npt.ArrayLike,
    gallery_pid: npt.ArrayLike,
    query_camid: npt.ArrayLike,
    gallery_camid: npt.ArrayLike,
    metric: str = "euclidean",
    block_query: int = 512,
    block_gallery: int = 8192,
    threads: int | None = None,
    engine: str = "auto",
) -> TopK:
    """The first `k` of each query's ranked list, junk removed.

    Ties are ordered as in `rank`: wrong items before true matches, and then by their position in the gallery.
    Arguments are those of `rank`; a query with pid −1 gets its neighbours, none of them a match.

    >>> found = topk(np.array([[0.0]]), np.array([[2.0], [1.0], [-1.0]]), 2, query_pid=[1],
    ...              gallery_pid=[2, 1, 3], query_camid=[0], gallery_camid=[1, 1, 1])
    >>> found.index.tolist(), found.distance.tolist(), found.match.tolist()
    ([[2, 1]], [[1.0, 1.0]], [[False, True]])
    """
    check_metric(metric)
    if k < 1:
        raise InputError(f"k must be at least 1, not {k}")
    labels, sources = check_inputs(query, gallery, query_pid, gallery_pid, query_camid, gallery_camid)
    threads = cores(threads)
    with engine_of(engine, sources[0].width) as chosen:
        frame = survey(metric, *sources, block_gallery)
        job = Job(*sources, labels, frame, chosen, threads, block_query, block_gallery)
        index, squared = nearest(job, k)
    distance = squared / 2 if metric == "cosine" else np.ldexp(np.sqrt(squared), -frame.exponent)
    match = is_match(labels, np.arange(len(index))[:, None], index)
    return TopK(index, distance, match)
