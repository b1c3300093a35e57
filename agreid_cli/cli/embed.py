"""`agreid embed`: the vectors of crops under a run, as a table that `agreid evaluate` ranks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from agreid_cli.cli.console import Voice
from agreid_cli.cli.options import HERE, DeviceOption, JsonOption, WorkspaceOption


def embed(
    run: Annotated[
        Optional[str],
        typer.Option("--run", metavar="NAME", help="Run to embed with.", show_default="the newest"),
    ] = None,
    crops: Annotated[
        Optional[Path],
        typer.Option(
            "--crops", metavar="TABLE|FOLDER", help="A crops or manifest table, or a folder of images.",
            show_default="the test crops of the split",
        ),
    ] = None,
    out: Annotated[
        Optional[Path],
        typer.Option(
            "--out", metavar="FILE", help="Where to write it, with --crops.",
            show_default="<name>-embeddings.parquet",
        ),
    ] = None,
    flip: Annotated[
        Optional[bool],
        typer.Option("--flip/--no-flip", help="Average each vector with that of the mirror image.",
                     show_default="as the run validates"),
    ] = None,
    device: DeviceOption = "auto",
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Turn crops into vectors with a trained run.

    Without --crops the split's queries and galleries, into the run, where evaluate finds them; train and
    evaluate do this by themselves. With --crops any images: columns crop_id, pid (-1 where unknown), camid,
    platform, embedding.

    Example: agreid embed --run bot-vit --crops crops/crops.parquet --out mine.parquet
    """
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.run.embed import embed as run_embedding

    voice = Voice(json=json)
    made = run_embedding(
        Workspace(workspace), run=run, crops=crops, out=out, flip=flip, device=device, progress=voice
    )
    voice.say(f"{made.crops} crops, {made.width} values each, by the run '{made.run}': {made.path}")
    voice.data(
        {
            "path": str(made.path),
            "run": made.run,
            "crops": made.crops,
            "width": made.width,
            "flip": made.flip,
        }
    )
