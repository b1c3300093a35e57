"""The results of `agreid train --seeds` on the screen and as data."""

from __future__ import annotations

import statistics
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from agreid_cli.cli.console import Console

if TYPE_CHECKING:
    from agreid_cli.stages.run.sweep import Sweep

FIGURES = ("mAP", "rank1", "mINP")


def show_sweep(console: Console, found: Sweep, recipe_of: dict[str, str]) -> None:
    """A row for each run and direction, and for several seeds of a recipe their mean and deviation.

    recipe_of: the recipe of each run, by the run's name.
    """
    rows: list[list[Any]] = []
    of_recipe: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for trained in found.runs:
        for row in trained.evals:
            figures = [f"{100 * row[name]:.2f}" for name in FIGURES]
            rows.append([trained.run.name, row["direction"], *figures, trained.reported_epoch])
            of_recipe[recipe_of[trained.run.name], row["direction"]].append(row)
    for (recipe, direction), evals in of_recipe.items():
        if len(evals) > 1:
            spread = [[100 * row[name] for row in evals] for name in FIGURES]
            means = [f"{statistics.mean(v):.2f} ± {statistics.stdev(v):.2f}" for v in spread]
            rows.append([f"{recipe}: mean ± SD of {len(evals)}", direction, *means, ""])
    if rows:
        head = ["run", "direction", "mAP", "Rank-1", "mINP", "epoch"]
        console.table("Runs (per cent)", head, rows, right=range(2, 6))
    new = len(found.runs) - len(found.before)
    console.print(f"{new} runs trained, {len(found.before)} finished before, {len(found.failures)} failed")
    console.data(
        {
            "runs": [
                {
                    "run": trained.run.name,
                    "folder": str(trained.run.root),
                    "recipe": recipe_of[trained.run.name],
                    "epochs": trained.epochs,
                    "reported_epoch": trained.reported_epoch,
                    "weights": str(trained.run.weights),
                    "finished_before": trained.run.name in found.before,
                    "evals": [{k: v for k, v in row.items() if k != "kind"} for row in trained.evals],
                }
                for trained in found.runs
            ],
            "failed": [failure.name for failure in found.failures],
        }
    )
