"""`agreid report`: runs and results as one self-contained page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import (
    HERE,
    ConfigOption,
    JsonOption,
    SetOption,
    WorkspaceOption,
    config_file,
)


def report(
    run: Annotated[
        Optional[list[str]],
        typer.Option(
            "--run", metavar="NAME", help="Run to report, oldest first. Can be repeated.",
            show_default="the newest six, and results/",
        ),
    ] = None,
    worst: Annotated[
        bool, typer.Option("--worst", help="Show the worst queries, instead of a range from best to worst.")
    ] = False,
    ranks: Annotated[
        Optional[Path],
        typer.Option(
            "--ranks", metavar="FILE",
            help="Ranked lists written by evaluate --save-ranks, for runs without embeddings.",
        ),
    ] = None,
    out: Annotated[
        Optional[Path],
        typer.Option("--out", "-o", metavar="FILE", help="Output page.", show_default="report.html"),
    ] = None,
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Write report.html: scores with intervals, CMC curves, ranked lists, training, data, the paper's tables.

    The page is one self-contained file. It opens from disk without a network, also on a phone, and prints.

    Example: agreid report --worst
    """
    from agreid_cli.config.load import load_section
    from agreid_cli.config.report import ReportConfig
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.report.report import report as write

    console = Console(json=json)
    settings = load_section(
        ReportConfig, "report", config_file(config, workspace), set_ or (), order="worst" if worst else None
    )
    done = write(
        Workspace(workspace), config=settings, runs=run or (), ranks=ranks, out=out, progress=console
    )
    console.data(
        {
            "report": str(done.path), "bytes": done.size_bytes, "systems": list(done.systems),
            "directions": list(done.directions), "queries": done.queries, "pictures": done.pictures,
            "notes": list(done.notes),
        }
    )  # fmt: skip
    console.print(
        f"{done.path}: {', '.join(done.systems)}; {', '.join(done.directions) or 'no direction'}; "
        f"{done.queries} queries with {done.pictures} crops, {done.size_bytes / 1e6:.1f} MB"
    )
