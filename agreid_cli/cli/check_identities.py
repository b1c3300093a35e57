"""`agreid check-identities`: what is probably wrong in the annotated identities, worst first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import (
    HERE,
    ConfigOption,
    DeviceOption,
    JsonOption,
    SetOption,
    WorkspaceOption,
    config_file,
)
from agreid_cli.cli.propose_identities import EmbedderOption

SHOWN = 20  # suspicions in the terminal


def check_identities(
    embedder: EmbedderOption = None,
    identities: Annotated[
        Optional[Path],
        typer.Option(
            "--identities", metavar="FILE", help="Annotations to check.",
            show_default="identities.csv of the workspace",
        ),
    ] = None,
    judgements: Annotated[
        Optional[Path],
        typer.Option(
            "--judgements", metavar="FILE", help="Pairs that a person has confirmed or rejected.",
            show_default="judgements.csv of the workspace",
        ),
    ] = None,
    device: DeviceOption = "auto",
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Check annotated identities: tracks of another person, tracks and identities that show two people, and
    identities that show one.

    Writes checks/ with the suspicions, worst first, and a page to confirm or correct each. The page exports
    identities.csv and judgements.csv; the annotations themselves are not changed.

    Example: agreid check-identities --embedder osnet_x0_25_msmt17.pt
    """
    from dataclasses import asdict

    from agreid_cli.config.identify import CheckConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.records.suspicions import KINDS
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.identify.check import check_identities as check

    console = Console(json=json)
    settings = load_section(CheckConfig, "check-identities", config_file(config, workspace), set_ or ())
    result = check(
        Workspace(workspace), settings, embedder=embedder, identities=identities, judgements=judgements,
        device=device, progress=console,
    )  # fmt: skip
    console.data(asdict(result))
    total = len(result.suspicions)
    console.print(
        f"{result.n_tracks:,} tracks of {result.n_identities:,} identities: {total:,} suspicions of at least "
        f"{settings.least:.0%} in {result.folder / 'suspicions.parquet'}"
    )
    for kind, n in result.counts.items():
        if n:
            console.print(f"  {n:,}: {KINDS[kind]}")
    if total:
        rows = [
            [f"{100 * one['probability']:.0f}", one["kind"], one["pid"], f"{one['video_a']}:{one['track_a']}",
             one["reason"]]
            for one in result.suspicions[:SHOWN]
        ]  # fmt: skip
        title = "Worst first" if total <= SHOWN else f"Worst first, {SHOWN} of {total:,}"
        console.table(title, ["%", "kind", "pid", "track", "because"], rows, right=(0,))
    console.print(f"Confirm or correct them on the page: {result.page}")
