"""What a comparison of annotators gives, whichever of the two files they filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agreid_cli.metrics.agreement import Agreement


@dataclass(frozen=True)
class Merged:
    """Rows of the two tables to write, headers first, and the figures.

    `disputed` is the complete list of disagreements, those to be settled first.
    """

    merged: list[list[object]]
    disputed: list[list[object]]
    agreement: dict[str, Agreement]
    counts: dict[str, int]  # why → number of cells
    notes: list[str]


def short_names(files: Sequence[Path]) -> list[str]:
    """A name for each annotator: the file's stem, with its folder or a number where stems are equal.

    >>> short_names([Path("a.csv"), Path("b.csv")])
    ['a', 'b']
    >>> short_names([Path("ann/attributes.csv"), Path("ben/attributes.csv")])
    ['ann/attributes', 'ben/attributes']
    """
    for names in (
        [file.stem for file in files],
        [f"{file.absolute().parent.name}/{file.stem}" for file in files],
    ):
        if len(set(names)) == len(names):
            return names
    return [f"{number}:{file.stem}" for number, file in enumerate(files, 1)]
