"""The k nearest gallery items of every query, in the order that the ranks are defined by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.checks import Ints, check_metric, check_shapes, labels
from agreid_cli.metrics.exact import Float64, squared_distances, unit_rows


@dataclass(frozen=True)
class TopK:
    """Nearest first; a query with fewer than k items that are not junk is filled up."""

    index: Ints  # (n_query, k) rows of the gallery, −1 where there is none
    distance: Float64  # (n_query, k) Euclidean distance, or 1 − cosine; infinite where there is none
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
    block_gallery: int = 32768,
    threads: int | None = None,
    engine: str = "auto",
) -> TopK:
    """The first `k` of each query's ranked list, junk removed.

    Ties stand as in `rank`: wrong items before true matches, and then by their place in the gallery.
    """
    check_metric(metric)
    q_pid, g_pid = labels("query_pid", query_pid), labels("gallery_pid", gallery_pid)
    q_cam, g_cam = labels("query_camid", query_camid), labels("gallery_camid", gallery_camid)
    n_query, n_gallery = len(query), len(gallery)
    lengths = {
        "query_pid": (q_pid, n_query),
        "query_camid": (q_cam, n_query),
        "gallery_pid": (g_pid, n_gallery),
        "gallery_camid": (g_cam, n_gallery),
    }
    check_shapes(query, gallery, lengths)
    q, g = np.asarray(query[:], np.float64), np.asarray(gallery[:], np.float64)
    if metric == "cosine":
        q, g = unit_rows(q), unit_rows(g)
    index = np.full((n_query, k), -1, np.int64)
    distance = np.full((n_query, k), np.inf)
    match = np.zeros((n_query, k), bool)
    for i in range(n_query):
        same = (g_pid == q_pid[i]) & (g_pid != -1)
        rest = np.flatnonzero((g_pid != -1) & ~(same & (g_cam == q_cam[i])))
        squared = squared_distances(q[i], g[rest])
        order = np.lexsort((rest, same[rest], squared))[:k]
        index[i, : len(order)] = rest[order]
        distance[i, : len(order)] = np.sqrt(squared[order]) if metric == "euclidean" else squared[order] / 2
        match[i, : len(order)] = same[rest[order]]
    return TopK(index, distance, match)
