"""Compute the values of an explanation record from sums over pairs and crops."""

from __future__ import annotations

from math import isnan
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.metrics.explain.explanation import ExplanationMeter
from agreid_cli.metrics.explain.recognition import Recognition
from agreid_cli.metrics.explain.reliability import reliability_bins
from agreid_cli.metrics.explain.shares import ShareMeter
from agreid_cli.records.calibration import CalibrationRecord
from agreid_cli.records.explanation import (
    BitScore,
    GroupScore,
    Reliability,
    ReliabilityBin,
    Score,
    Scores,
)

Floats = npt.NDArray[np.floating[Any]]


def scores_of(meter: ExplanationMeter) -> Scores:
    """The explanation metrics with their chance levels."""
    found = {name: Score(*pair) for name, pair in meter.means().items()}
    return Scores(**found, ADRE=meter.adre, n_pairs=meter.n_pairs, n_alike=meter.n_alike)


def group_scores(
    book: Codebook, shares: ShareMeter, read: Recognition, calibration: CalibrationRecord | None
) -> tuple[GroupScore, ...]:
    """One score per group; `read` is the recognition on the crops with known attributes."""
    columns = (read.accuracy, read.majority, shares.of_groups(), shares.differs(), shares.where_differs(),
               read.balanced, read.labels)  # fmt: skip
    fits = calibration.groups if calibration else (None,) * len(book.groups)
    rows = zip(book.groups, fits, *(column.tolist() for column in columns), strict=True)
    return tuple(
        GroupScore(
            group.name, group.title, _some(accuracy), _some(majority), share, differs, _some(where),
            _some(balanced), labels, fit.recognised if fit else None,
            1 / fit.sharpness if fit and fit.sharpness else None,
        )
        for group, fit, accuracy, majority, share, differs, where, balanced, labels in rows
    )  # fmt: skip


def bit_scores(book: Codebook, shares: ShareMeter, read: Recognition) -> tuple[BitScore, ...]:
    """One score per bit."""
    words = [(group.name, label) for group in book.groups for label in group.classes]
    columns = (read.mA.tolist(), read.positive.tolist(), shares.of_bits().tolist(), read.AP.tolist())
    return tuple(
        BitScore(name, group, label, _some(mA), positive, read.n - positive, share, _some(AP))
        for name, (group, label), mA, positive, share, AP in zip(book.bits, words, *columns, strict=True)
    )


def reliability_of(
    book: Codebook, before: Floats, after: Floats | None, bits: npt.NDArray[np.uint8], n_people: int
) -> Reliability | None:
    """The reliability of the probabilities (n, M) of the crops with known attributes; None without a crop."""
    if not len(bits):
        return None
    raw, error = reliability_bins(before, bits, book.sizes)
    done, done_error = ([], None) if after is None else reliability_bins(after, bits, book.sizes)
    earlier, later = (tuple(ReliabilityBin(*row) for row in rows) for rows in (raw, done))
    return Reliability(earlier, later, error, done_error, n_people)


def _some(value: float) -> float | None:
    """JSON has no NaN."""
    return None if isnan(value) else value
