"""`agreid embed`: compute embeddings of crops with a run, as a table that `agreid evaluate` ranks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from agreid_cli.cli.console import Voice
from agreid_cli.cli.options import (
    HERE,
    CamidOption,
    DeviceOption,
    JsonOption,
    PlatformOption,
    WorkspaceOption,
)


def embed(
    run: Annotated[
        Optional[str],
        typer.Option("--run", metavar="NAME", help="Run to embed with.", show_default="the newest"),
    ] = None,
    crops: Annotated[
        Optional[Path],
        typer.Option(
            "--crops", metavar="TABLE|LIST|FOLDER",
            help="A crops table, a manifest, a list (path[,pid,camid,platform]), or a folder of images.",
            show_default="the test crops of the split",
        ),
    ] = None,
    out: Annotated[
        Optional[Path],
        typer.Option(
            "--out", metavar="FILE", help="Output file, with --crops.",
            show_default="<name>-embeddings.parquet",
        ),
    ] = None,
    flip: Annotated[
        Optional[bool],
        typer.Option("--flip/--no-flip", help="Average the embeddings of the image and its mirror image.",
                     show_default="as the run validates"),
    ] = None,
    platform: PlatformOption = None,
    camid: CamidOption = None,
    device: DeviceOption = "auto",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Compute embeddings with a trained run.

    Without --crops, embeds the queries and galleries of the split into the run folder. train and evaluate do
    this automatically. With --crops, embeds any images; the output has the columns crop_id, pid (-1 if
    unknown), camid, platform and embedding.

    Example: agreid embed --run bot-vit --crops crops/crops.parquet --out mine.parquet
    """
    from agreid_cli.records.side import GivenSide
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.run.embed import embed as run_embedding

    voice = Voice(json=json)
    made = run_embedding(
        Workspace(workspace),
        run=run,
        crops=crops,
        out=out,
        flip=flip,
        given=GivenSide(platform, camid),
        device=device,
        progress=voice,
    )
    voice.say(f"{made.crops} crops, {made.width} values each, embedded by the run '{made.run}': {made.path}")
    voice.data(
        {
            "path": str(made.path),
            "run": made.run,
            "crops": made.crops,
            "width": made.width,
            "flip": made.flip,
            "unused": made.unused,
        }
    )
