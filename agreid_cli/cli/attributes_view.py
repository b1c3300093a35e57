"""Prints the benchmark of search by description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agreid_cli.cli.console import Console

if TYPE_CHECKING:
    from agreid_cli.records.attribute_search import AttributeSearch
    from agreid_cli.records.faithfulness import Estimate

TITLES = {"stream": "search --attributes", "classifiers": "classifiers per attribute", "chance": "chance"}
TABLES = {
    "all": "search by description",
    "recognised": "search by description, of attributes that the stream recognises only",
}


def show_attributes(console: Console, result: AttributeSearch) -> None:
    """A table of all groups and one of those that are recognised: one row per length of description, with
    the systems side by side."""
    systems = list(dict.fromkeys(row.system for row in result.rows))
    heads = ["attributes", "descriptions"]
    heads += [f"{TITLES[name]}: {score} %" for score in ("mAP", "Rank-1") for name in systems]
    for groups, lengths in result.tables().items():
        rows = []
        for length, own in lengths.items():
            found = [_percent(row.mAP) for row in own] + [_percent(row.rank1) for row in own]
            rows.append(["all" if length == 0 else str(length), f"{own[0].n:,}", *found])
        console.table(f"{result.source}: {TABLES[groups]}", heads, rows, right=range(1, len(heads)))
    console.print(
        f"{result.n_crops:,} test crops of {result.n_people:,} people; descriptions drawn with seed "
        f"{result.seed}; [low, high]: confidence interval over descriptions"
    )
    if result.unknown:
        console.print(f"not recognised by the stream: {', '.join(result.unknown).lower()}")


def _percent(found: Estimate) -> str:
    return f"{100 * found.value:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]"
