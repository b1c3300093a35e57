"""Attribute recognition: accuracy and balanced accuracy per group, mean accuracy (mA) and AP per bit.

Most bits are rare (24 of the 88 official ones apply to at most one person in a hundred), so the plain
accuracy of a bit is near 1 for a network that always predicts no. Its mA is one half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

Floats = npt.NDArray[np.floating[Any]]
Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Recognition:
    """`accuracy` and `majority` (G,): fraction of correct labels, and that of the majority class.

    `balanced` (G,): the mean over the labels that occur of the fraction recognised; `labels` (G,): their
    number, so 1/labels is chance, and what always saying the same label scores. `mA` and the average
    precision `AP` (M,) are NaN for a bit that all or no crops have; `positive` (M,) counts the crops with
    the bit. The AP of random scores is the fraction of crops with the bit.
    """

    accuracy: npt.NDArray[np.float64]
    majority: npt.NDArray[np.float64]
    balanced: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]
    mA: npt.NDArray[np.float64]
    AP: npt.NDArray[np.float64]
    positive: npt.NDArray[np.int64]
    n: int


def predicted_bits(scores: Floats, sizes: Sequence[int]) -> Bits:
    """One bit per group, at the largest score of the group: (n, M) → uint8 (n, M).

    >>> predicted_bits(np.array([[0.1, 0.4, 0.2, 0.9, 0.3]]), (3, 2)).tolist()
    [[0, 1, 0, 1, 0]]
    """
    bits = np.zeros(scores.shape, np.uint8)
    rows, start = np.arange(len(scores)), 0
    for size in sizes:
        bits[rows, start + scores[:, start : start + size].argmax(axis=1)] = 1
        start += size
    return bits


def recognition(
    scores: Floats, bits: Bits, sizes: Sequence[int], *, even: Floats | None = None
) -> Recognition:
    """Compare `scores` (n, M) with `bits` (n, M), one bit per group of `sizes`; above 0.5 a bit is predicted.

    even: (n, M), what the label for the balanced accuracy is taken from, in place of `scores`, such as
    probabilities divided by how probable each label usually is: a rare label is hardly ever the most
    probable one, so that its recall would be 0 even for a network that sees it.

    >>> found = recognition(np.array([[0.9, 0.2], [0.4, 0.3]]), np.array([[1, 0], [0, 1]], np.uint8), (2,))
    >>> found.accuracy.tolist(), found.mA.tolist()
    ([0.5], [1.0, 0.5])
    """
    n = len(bits)
    fair = predicted_bits(scores if even is None else even, sizes)
    chosen, accuracy, majority, balanced, labels, start = predicted_bits(scores, sizes), [], [], [], [], 0
    for size in sizes:
        part = slice(start, start + size)
        accuracy.append((chosen[:, part] & bits[:, part]).any(axis=1).mean() if n else np.nan)
        majority.append(bits[:, part].mean(axis=0).max() if n else np.nan)
        counts = bits[:, part].sum(axis=0)
        right = (fair[:, part] & bits[:, part]).sum(axis=0)[counts > 0] / counts[counts > 0]
        balanced.append(right.mean() if n else np.nan)
        labels.append(int((counts > 0).sum()))
        start += size
    yes, is_there = scores > 0.5, bits == 1
    positive = is_there.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (yes & is_there).sum(axis=0) / positive
        spared = (~yes & ~is_there).sum(axis=0) / (n - positive)
    AP = np.full(bits.shape[1], np.nan)
    for bit in np.flatnonzero((positive > 0) & (positive < n)).tolist():
        AP[bit] = average_precision_score(bits[:, bit], scores[:, bit])
    return Recognition(
        np.array(accuracy), np.array(majority), np.array(balanced), np.array(labels), (found + spared) / 2,
        AP, positive, n,
    )  # fmt: skip
