"""`agreid search`: find people by description or by image, with the reason for each answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import (
    HERE,
    CamidOption,
    ConfigOption,
    DeviceOption,
    JsonOption,
    PlatformOption,
    SetOption,
    WorkspaceOption,
    config_file,
)


def search(
    attributes: Annotated[
        Optional[str],
        typer.Option(
            "--attributes", "-a", metavar="A=B,...", help="Description, e.g. upper=hoodie,bag=backpack."
        ),
    ] = None,
    image: Annotated[
        Optional[Path], typer.Option("--image", "-i", metavar="FILE", help="A crop of the person.")
    ] = None,
    crops: Annotated[
        Optional[Path],
        typer.Option(
            "--crops", metavar="PATH", help="A crops table, a manifest, a list, or a folder of images.",
            show_default="the split's test crops",
        ),
    ] = None,
    run: Annotated[
        Optional[str],
        typer.Option("--run", metavar="NAME", help="Explainable run.", show_default="the newest"),
    ] = None,
    out: Annotated[
        Optional[Path],
        typer.Option("--out", metavar="FOLDER", help="Output folder.", show_default="runs/NAME/search"),
    ] = None,
    platform: PlatformOption = None,
    camid: CamidOption = None,
    device: DeviceOption = "auto",
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Search crops by description or by image, and show the reason for each answer.

    The run's predictions for the crops are computed once and cached, so later searches are fast.

    Example: agreid search --attributes upper=hoodie,bag=backpack
    """
    from agreid_cli.config.explain_pages import SearchConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.records.side import GivenSide
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.explain.search import search as look

    console = Console(json=json)
    settings = load_section(SearchConfig, "search", config_file(config, workspace), set_ or ())
    found = look(
        Workspace(workspace), config=settings, attributes=attributes or "", image=image, crops=crops, run=run,
        given=GivenSide(platform, camid), out=out, device=device, progress=console,
    )  # fmt: skip
    if attributes:
        rows = [
            [a["rank"], a["crop"], f"{100 * a['score']:.0f}",
             ", ".join(f"{b['attribute']} {100 * b['chance']:.0f} %" for b in a["attributes"])]
            for a in found.answers
        ]  # fmt: skip
        console.table(
            f"{found.searched:,} crops searched", ["", "crop", "score %", "why"], rows, right=(0, 2)
        )
    else:
        rows = [
            [rank, a["second"], f"{a['distance']:.2f}", a["sentence"]]
            for rank, a in enumerate(found.answers, start=1)
        ]
        console.table(
            f"{found.searched:,} crops searched", ["", "crop", "distance", "differs in"], rows, right=(0, 2)
        )
    console.print(str(found.page))
    console.data({"page": str(found.page), "searched": found.searched, "answers": list(found.answers)})
