"""The slow, obvious version of everything in metrics/: one loop per query, one per item."""

from __future__ import annotations

import math

import numpy as np


def fixed_sum(values: list[float]) -> float:
    """The sum in the order that the exact distance is defined by."""
    values = list(values)
    while len(values) > 1:
        half = len(values) // 2
        kept = len(values) - half
        tail = values[kept:]
        values = [v + tail[i] if i < half else v for i, v in enumerate(values[:kept])]
    return values[0]


def unit(row: list[float]) -> list[float]:
    largest = max(abs(x) for x in row)
    if largest == 0:
        return row
    row = [math.ldexp(x, -math.frexp(largest)[1]) for x in row]
    length = math.sqrt(fixed_sum([x * x for x in row]))
    return [x / length for x in row]


def squared_distance(a: np.ndarray, b: np.ndarray, metric: str) -> float:
    left, right = [float(x) for x in a], [float(x) for x in b]
    if metric == "cosine":
        if not any(left) or not any(right):
            return 2.0
        left, right = unit(left), unit(right)
    return fixed_sum([(y - x) * (y - x) for x, y in zip(left, right, strict=True)])


def plain_ranks(query, gallery, query_pid, gallery_pid, query_camid, gallery_camid, metric):  # type: ignore[no-untyped-def]
    """Lists of the sorted ranks of each query's true matches."""
    found = []
    for i, row in enumerate(query):
        right, wrong = [], []
        for j, item in enumerate(gallery):
            if gallery_pid[j] == -1 or query_pid[i] == -1:
                continue
            distance = squared_distance(row, item, metric)
            if gallery_pid[j] != query_pid[i]:
                wrong.append(distance)
            elif gallery_camid[j] != query_camid[i]:
                right.append(distance)
        right.sort()
        found.append([k + sum(w <= r for w in wrong) for k, r in enumerate(right, 1)])
    return found


def plain_rerank(query, gallery, k1, k2, lambda_value, metric):  # type: ignore[no-untyped-def]
    """k-reciprocal re-ranking with square matrices and a loop an image, as in the published code."""
    rows, n_query = np.concatenate([query, gallery]), len(query)
    n = len(rows)
    original = np.array([[squared_distance(a, b, metric) for b in rows] for a in rows])
    rank = np.argsort(original, axis=1, kind="stable")
    if metric == "cosine":
        original = (original / 2) ** 2
    largest = original.max(axis=1, keepdims=True)
    original = original / np.where(largest > 0, largest, 1)

    def reciprocal(i: int, k: int) -> list[int]:
        return [int(j) for j in rank[i, : k + 1] if i in rank[j, : k + 1]]

    v = np.zeros((n, n))
    for i in range(n):
        near = reciprocal(i, k1)
        members = set(near)
        for candidate in near:
            close = reciprocal(candidate, int(np.around(k1 / 2)))
            if len(set(close) & set(near)) > 2 / 3 * len(close):
                members |= set(close)
        chosen = sorted(members)
        if chosen:
            v[i, chosen] = np.exp(-original[i, chosen]) / np.exp(-original[i, chosen]).sum()
    if k2 != 1:
        v = np.array([v[rank[i, :k2]].mean(axis=0) for i in range(n)])
    smaller = np.minimum(v[:n_query, None, :], v[None, :, :]).sum(axis=2)
    jaccard = 1 - smaller / (2 - smaller)
    final = (1 - lambda_value) * jaccard + lambda_value * original[:n_query]
    return final[:, n_query:]
