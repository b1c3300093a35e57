"""Compute the values of an explanation record from sums over pairs and crops."""

from __future__ import annotations

from math import isnan
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.metrics.explain.explanation import ExplanationMeter
from agreid_cli.metrics.explain.recognition import recognition
from agreid_cli.metrics.explain.shares import ShareMeter
from agreid_cli.records.explanation import BitScore, GroupScore, Score, Scores

Floats = npt.NDArray[np.floating[Any]]


def scores_of(meter: ExplanationMeter) -> Scores:
    """The explanation metrics with their chance levels."""
    found = {name: Score(*pair) for name, pair in meter.means().items()}
    return Scores(**found, ADRE=meter.adre, n_pairs=meter.n_pairs, n_alike=meter.n_alike)


def group_scores(
    book: Codebook, shares: ShareMeter, chances: Floats, bits: npt.NDArray[np.uint8]
) -> tuple[GroupScore, ...]:
    """One score per group; `chances` and `bits` (n, M) are those of the crops with known attributes."""
    read = recognition(chances, bits, book.sizes)
    columns = (read.accuracy, read.majority, shares.of_groups(), shares.differs(), shares.where_differs())
    rows = zip(book.groups, *(column.tolist() for column in columns), strict=True)
    return tuple(
        GroupScore(group.name, group.title, _some(accuracy), _some(majority), share, differs, _some(where))
        for group, accuracy, majority, share, differs, where in rows
    )


def bit_scores(
    book: Codebook, shares: ShareMeter, chances: Floats, bits: npt.NDArray[np.uint8]
) -> tuple[BitScore, ...]:
    """One score per bit."""
    read = recognition(chances, bits, book.sizes)
    words = [(group.name, label) for group in book.groups for label in group.classes]
    columns = (read.mA.tolist(), read.positive.tolist(), shares.of_bits().tolist())
    return tuple(
        BitScore(name, *said, _some(mA), positive, read.n - positive, share)
        for name, said, mA, positive, share in zip(book.bits, words, *columns, strict=True)
    )


def _some(value: float) -> float | None:
    """JSON has no NaN."""
    return None if isnan(value) else value
