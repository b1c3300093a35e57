"""`agreid embed`: compute embeddings of crops with a run, as a table that `agreid evaluate` ranks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import (
    HERE,
    CamidOption,
    DeviceOption,
    EngineOption,
    JsonOption,
    PlatformOption,
    ShardOption,
    WorkspaceOption,
    config_file,
    engine_config,
)
from agreid_cli.errors import UsageError


def embed(
    run: Annotated[
        Optional[str],
        typer.Option("--run", metavar="NAME", help="Run to embed with.", show_default="the newest"),
    ] = None,
    weights: Annotated[
        Optional[str],
        typer.Option(
            "--weights", metavar="FILE|NAME",
            help="Embed with pretrained weights, without training: a file, shipped, imagenet, or timm:NAME.",
        ),
    ] = None,
    backbone: Annotated[
        Optional[str],
        typer.Option(
            "--backbone", metavar="NAME", help="With --weights: the network of the file, e.g. osnet-x0.25.",
            show_default="as the file name says",
        ),
    ] = None,
    size: Annotated[
        Optional[str],
        typer.Option(
            "--size", metavar="HxW", help="With --weights: the input size in pixels.", show_default="256x128"
        ),
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
    backend: Annotated[
        str,
        typer.Option(
            "--backend", metavar="NAME",
            help="auto, torch or onnxruntime. auto: onnxruntime on a CPU, where there are many crops.",
        ),
    ] = "auto",
    engine: EngineOption = None,
    shard: ShardOption = None,
    workspace: WorkspaceOption = HERE,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Compute embeddings with a trained run, or with pretrained weights.

    Without --crops, embeds the queries and galleries of the split into the run folder. train and evaluate do
    this automatically. With --crops, embeds any images; the output has the columns crop_id, pid (-1 if
    unknown), camid, platform and embedding. With --weights, nothing needs to be trained; evaluate ranks the
    file: agreid evaluate --embeddings FILE

    Example: agreid embed --run bot-vit --crops crops/crops.parquet --out mine.parquet
    """
    from agreid_cli.records.side import GivenSide
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.run.embed import embed as run_embedding
    from agreid_cli.stages.run.embed_units import How
    from agreid_cli.stages.run.pretrained import Pretrained

    console = Console(json=json)
    if weights is None and (backbone or size):
        raise UsageError("--backbone and --size go with --weights", hint="A run knows its own.")
    how = How(*engine_config(engine, config_file(None, workspace), shard))
    made = run_embedding(
        Workspace(workspace),
        run=run,
        pretrained=None if weights is None else Pretrained(weights, backbone, _size(size)),
        crops=crops,
        out=out,
        flip=flip,
        given=GivenSide(platform, camid),
        device=device,
        backend=backend,
        how=how,
        progress=console,
    )
    if how.shard is not None:
        console.print(f"shard {how.shard} is done; the same call without --shard will write {made.path}")
    else:
        console.print(f"{made.crops} crops, {made.width} values each, embedded by '{made.run}': {made.path}")
    console.data(
        {
            "path": str(made.path),
            "run": made.run,
            "crops": made.crops,
            "width": made.width,
            "flip": made.flip,
            "unused": made.unused,
        }
    )


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    height, mark, width = text.lower().partition("x")
    if not (mark and height.isdigit() and width.isdigit() and min(int(height), int(width)) >= 32):
        raise UsageError(
            f"--size: '{text}' is not a size", hint="Give height and width, at least 32: 256x128"
        )
    return int(height), int(width)
