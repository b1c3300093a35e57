"""What is said at the end of units that failed."""

from __future__ import annotations

from collections.abc import Sequence

from agreid_cli.engine.units import Failure
from agreid_cli.errors import InputError, Problem


def raise_failures(failures: Sequence[Failure], n_units: int, what: str) -> None:
    """`InputError` that names every failed unit; with one unit in all, its own error. Nothing without any."""
    if not failures:
        return
    if n_units == 1:
        raise failures[0].error
    raise InputError(
        f"{len(failures)} of {n_units} {what} failed; the others are finished",
        problems=[problem for failure in failures for problem in _said(failure)],
        hint="Correct what is named and run the same command again: it does only what is missing.",
    )


def _said(failure: Failure) -> list[Problem]:
    error = failure.error
    first = Problem(failure.name, error.message + (f". {error.hint}" if error.hint else ""))
    return [first, *(Problem(f"{failure.name}: {p.where}", p.what) for p in error.problems)]
