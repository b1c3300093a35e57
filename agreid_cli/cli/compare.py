"""`agreid compare`: many runs or embedding files, on many data sets, in one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import (
    HERE,
    ConfigOption,
    DeviceOption,
    JsonOption,
    LevelOption,
    PoolOption,
    SetOption,
    WorkspaceOption,
    check_pool,
    config_file,
)

if TYPE_CHECKING:
    from agreid_cli.stages.run.compare import Row


def compare(
    systems: Annotated[
        Optional[list[str]],
        typer.Argument(
            metavar="[SYSTEM]...", help="Run, run folder, or embedding file.", show_default="all runs"
        ),
    ] = None,
    base: Annotated[
        Optional[str],
        typer.Option("--base", metavar="SYSTEM", help="System to test against.", show_default="the first"),
    ] = None,
    data: Annotated[
        Optional[list[Path]],
        typer.Option(
            "--data", metavar="WORKSPACE",
            help="Workspace whose test crops are ranked. Can be repeated.", show_default="--workspace",
        ),
    ] = None,
    direction: Annotated[
        Optional[list[str]],
        typer.Option(
            "--direction", "-d", metavar="NAME", help="As in evaluate. Can be repeated.",
            show_default="both where possible",
        ),
    ] = None,
    out: Annotated[
        Optional[Path], typer.Option("--out", "-o", metavar="FILE", help="Also write an HTML page.")
    ] = None,
    level: LevelOption = None,
    pool: PoolOption = None,
    device: DeviceOption = "auto",
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Compare systems: each score with a confidence interval, each difference with a paired test.

    Every system is ranked on every data set under one protocol. Differences to the base are computed over the
    same queries (paired bootstrap over identities); systems ranked over other crops are named, not compared.

    Example: agreid compare bot-vit vdt secap --base bot-vit --direction both --out compare.html
    """
    from agreid_cli.config.evaluate import EvaluateConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.records.results import POOLED
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.run.compare import compare as compare_all

    console = Console(json=json)
    settings = load_section(EvaluateConfig, "evaluate", config_file(config, workspace), set_ or (),
                            level=level, pool=pool)  # fmt: skip
    check_pool(pool, settings.level)
    done = compare_all(
        Workspace(workspace), systems=systems or (), config=settings, data=data or (),
        directions=direction or (), base=base, out=out, device=device, progress=console,
    )  # fmt: skip
    for row in done.rows:
        console.data(_data(row, done.base))
    places = list(dict.fromkeys((row.data, row.result.direction) for row in done.rows))
    for place in places:
        rows = [row for row in done.rows if (row.data, row.result.direction) == place]
        first = rows[0].result
        console.table(
            f"{place[0]}, {place[1]}: {first.n_valid:,} valid queries, {first.n_gallery:,} gallery "
            f"{first.level}s{', pooled by ' if first.pool else ''}{POOLED[first.pool]}",
            ["system", "mAP %", "Rank-1 %", "mINP %", "Δ mAP", "Δ Rank-1"],
            [_cells(row, done.base) for row in rows],
            right=(1, 2, 3, 4, 5),
        )
        for row in rows:
            if row.why:
                console.print(f"{row.system}: not compared, because it was {row.why}")
    ci = done.rows[0].result.ci
    if ci is not None:
        console.print(
            f"[low, high]: {ci.level:.0%} CI, {ci.rounds:,} bootstrap resamples over identities; "
            f"Δ: difference to {done.base} over the same queries, * where its interval excludes 0"
        )
    if done.page:
        console.print(str(done.page))


def _cells(row: Row, base: str) -> list[str]:
    result, ci, test = row.result, row.result.ci, row.comparison
    assert ci is not None
    name = f"{row.system} (base)" if row.system == base else row.system
    return [
        name, _score(result.mAP, ci.mAP), _score(result.rank(1), ci.rank1), f"{100 * result.mINP:.2f}",
        _gap(test.mAP, test.mAP_interval) if test else "",
        _gap(test.rank1, test.rank1_interval) if test else "",
    ]  # fmt: skip


def _score(value: float, bounds: tuple[float, float]) -> str:
    return f"{100 * value:.2f} [{100 * bounds[0]:.1f}, {100 * bounds[1]:.1f}]"


def _gap(value: float, bounds: tuple[float, float]) -> str:
    mark = "*" if bounds[0] > 0 or bounds[1] < 0 else ""
    return f"{100 * value:+.2f} [{100 * bounds[0]:+.1f}, {100 * bounds[1]:+.1f}]{mark}"


def _data(row: Row, base: str) -> dict[str, Any]:
    from dataclasses import asdict

    found = {"data": row.data, "system": row.system, "base": base, **row.result.brief()}
    found["comparison"] = asdict(row.comparison) if row.comparison else None
    return found | ({"not_compared": row.why} if row.why else {})
