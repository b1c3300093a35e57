"""The rows of the table at the end of the demo."""

from __future__ import annotations

from dataclasses import dataclass

from agreid_cli.records.explanation import ExplanationResult
from agreid_cli.records.results import RankingResult


@dataclass(frozen=True)
class DemoRow:
    """One row of the table at the end: scores 0..1 with their intervals."""

    name: str
    direction: str
    mAP: float
    mAP_interval: tuple[float, float] | None
    rank1: float
    rank1_interval: tuple[float, float] | None
    n_valid: int


def row_of(name: str, result: RankingResult) -> DemoRow:
    """The row of a run in one direction."""
    ci = result.ci
    return DemoRow(
        name, result.direction, result.mAP, ci.mAP if ci else None, result.rank(1), ci.rank1 if ci else None,
        result.n_valid,
    )  # fmt: skip


def explained_rows(name: str, result: ExplanationResult) -> list[DemoRow]:
    """The re-weighted distance, and the Euclidean distance that it re-weights (runs rank by cosine).

    The strength of the re-weighting was chosen on people outside the test.
    """
    rows = [row for row in (result.row("base"), result.row("explainable")) if row]
    return [
        DemoRow(
            f"{name}, {row.name}", result.direction, row.mAP, row.ci.mAP if row.ci else None, row.rank1,
            row.ci.rank1 if row.ci else None, result.n_valid,
        )
        for row in rows
    ]  # fmt: skip
