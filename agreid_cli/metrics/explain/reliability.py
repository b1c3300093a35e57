"""Reliability: is a label that is called 80 % probable correct in 80 % of the cases?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
BINS = 10


def reliability_bins(
    probabilities: Floats, bits: npt.NDArray[np.uint8], sizes: Sequence[int]
) -> tuple[list[tuple[float, float, int]], float]:
    """For the most probable label of each group and crop: (confidence, accuracy, n) per tenth, and the error.

    `probabilities` and `bits` (n, M). Probabilities are normalised within each group first. Empty bins are
    left out. The error is the mean |confidence − accuracy| weighted by n (expected calibration error), NaN
    without a crop.

    >>> sure, bits = np.array([[0.9, 0.1], [0.9, 0.1]]), np.array([[1, 0], [0, 1]], np.uint8)
    >>> bins, error = reliability_bins(sure, bits, (2,))
    >>> bins, round(error, 2)
    ([(0.9, 0.5, 2)], 0.4)
    """
    confidence, right, start = [], [], 0
    rows = np.arange(len(bits))
    for size in sizes:
        part = slice(start, start + size)
        own = probabilities[:, part] / np.maximum(probabilities[:, part].sum(axis=1, keepdims=True), 1e-9)
        top = own.argmax(axis=1)
        confidence.append(own[rows, top])
        right.append(bits[:, part][rows, top] == 1)
        start += size
    sure, correct = np.concatenate(confidence), np.concatenate(right)
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    found = [
        (float(sure[at].mean()), float(correct[at].mean()), int(at.sum()))
        for at in (place == number for number in range(BINS))
        if at.any()
    ]
    total = sum(n for *_, n in found)
    return found, sum(abs(c - a) * n for c, a, n in found) / total if total else float("nan")
