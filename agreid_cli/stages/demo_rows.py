"""The lines of the table at the end of a demonstration."""

from __future__ import annotations

from dataclasses import dataclass

from agreid_cli.records.explanation import ExplanationResult
from agreid_cli.records.results import RankingResult


@dataclass(frozen=True)
class DemoRow:
    """One line of the table at the end: scores 0..1 with their intervals."""

    name: str
    direction: str
    mAP: float
    mAP_interval: tuple[float, float] | None
    rank1: float
    rank1_interval: tuple[float, float] | None
    n_valid: int


def row_of(name: str, result: RankingResult) -> DemoRow:
    """The line of a run in one direction."""
    ci = result.ci
    return DemoRow(
        name, result.direction, result.mAP, ci.mAP if ci else None, result.rank(1), ci.rank1 if ci else None,
        result.n_valid,
    )  # fmt: skip


def explained_row(name: str, result: ExplanationResult) -> DemoRow:
    """What re-weighting by predicted attributes gives, its strength chosen on people who are not tested."""
    row = result.row("explainable") or result.row("interpreter")
    assert row is not None
    ci = row.ci
    return DemoRow(
        f"{name}, {row.name}", result.direction, row.mAP, ci.mAP if ci else None, row.rank1,
        ci.rank1 if ci else None, result.n_valid,
    )  # fmt: skip
