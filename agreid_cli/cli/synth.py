"""`agreid synth`: a synthetic campus, filmed by a drone and a wall camera, with ground truth."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import (
    HERE,
    ConfigOption,
    EngineOption,
    JsonOption,
    SetOption,
    ShardOption,
    WorkspaceOption,
    config_file,
    engine_config,
)


def synth(
    identities: Annotated[Optional[int], typer.Option(help="Number of people.", show_default="24")] = None,
    seed: Annotated[Optional[int], typer.Option(help="Random seed.", show_default="0")] = None,
    seconds: Annotated[Optional[float], typer.Option(help="Length of each video.", show_default="20")] = None,
    size: Annotated[
        Optional[float],
        typer.Option(help="Scale of the frames: 1 is 3840×2160 and 704×480.", show_default="1"),
    ] = None,
    like: Annotated[
        Optional[str], typer.Option(help="agreid: the size of AG-ReID; other options override it.")
    ] = None,
    truth_only: Annotated[
        bool,
        typer.Option("--truth-only", help="Render only crops and manifest, without videos (fast)."),
    ] = False,
    workspace: WorkspaceOption = HERE,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace another campus, and everything derived from it.")
    ] = False,
    engine: EngineOption = None,
    shard: ShardOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Generate a synthetic campus: aerial and ground videos of synthetic people, and exact ground truth.

    Writes videos/ and truth/, and adds the recipe "campus" to agreid.toml. With --truth-only, renders crops
    and manifest directly, which suits large training sets. The same seed gives the same bytes; after an
    interruption, run the same command again to continue.

    Example: agreid synth --identities 24 --seed 7 --seconds 10 --size 0.5
    """
    from agreid_cli.config.load import load_section
    from agreid_cli.config.synth import LIKE, SynthConfig
    from agreid_cli.errors import UsageError, did_you_mean
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.campus.synth import synth as make

    if like is not None and like not in LIKE:
        raise UsageError(f"--like: unknown data set '{like}'{did_you_mean(like, LIKE)}")
    console = Console(json=json)
    preset = LIKE.get(like or "", {})
    flags = {"identities": identities, "seed": seed, "seconds": seconds, "size": size}
    chosen = {**preset, **{name: value for name, value in flags.items() if value is not None}}
    settings = load_section(SynthConfig, "synth", config_file(config, workspace), set_ or (), **chosen)
    where, part = engine_config(engine, config_file(config, workspace), shard)
    result = make(
        Workspace(workspace), settings, truth_only=truth_only, overwrite=overwrite, engine=where, shard=part,
        progress=console,
    )  # fmt: skip
    what = "unchanged" if result.state == "unchanged" else "done"
    if result.state == "shard":
        console.print(f"shard {part} is done; the same call without --shard will complete the campus")
    elif truth_only:
        console.print(f"{result.crops} crops of {result.identities} people in {workspace / 'crops'} ({what})")
        console.print("Next: agreid build-split")
    else:
        for video in result.videos:
            console.print(str(video))
        console.print(f"{len(result.videos)} videos of {result.identities} people ({what})")
        console.print(f"Next: agreid extract-crops {workspace / 'videos'}/*.mp4 && agreid build-split")
    console.data(
        {
            "state": result.state,
            "identities": result.identities,
            "crops": result.crops,
            "videos": [str(video) for video in result.videos],
            "manifest": result.manifest and str(result.manifest),
            "truth": str(Workspace(workspace).truth.root),
        }
    )
