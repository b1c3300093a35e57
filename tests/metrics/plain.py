"""The slow, obvious version of everything that metrics/ computes: a loop a query, a loop an item."""

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
