"""Options shared by commands, so that each means the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

# Typer evaluates these annotations at run time on Python 3.10 too, hence Optional and not `| None`.
WorkspaceOption = Annotated[
    Path,
    typer.Option(
        "--workspace",
        "-w",
        envvar="AGREID_WORKSPACE",
        help="Folder with the artefacts.",
        show_default=".",
    ),
]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or cuda:1.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout.")]
ConfigOption = Annotated[
    Optional[Path],
    typer.Option(
        "--config",
        help="TOML file with a section for this command.",
        show_default="agreid.toml of the workspace",
    ),
]
SetOption = Annotated[
    Optional[list[str]],
    typer.Option("--set", metavar="KEY=VALUE", help="Change one configuration value, e.g. --set a.b=3."),
]
PlatformOption = Annotated[
    Optional[str],
    typer.Option(
        "--platform",
        metavar="NAME",
        show_default="unknown",
        help="Platform of images without a table: uav, cctv or wearable. For runs that need the view.",
    ),
]
CamidOption = Annotated[
    Optional[int],
    typer.Option(
        "--camid",
        metavar="N",
        min=0,
        show_default="unknown",
        help="Camera of images without a table. For runs that need the camera.",
    ),
]
EngineOption = Annotated[
    Optional[str],
    typer.Option(
        "--engine", metavar="local|ray",
        help="Run in this process or on Ray. For more settings, see section engine of agreid.toml.",
        show_default="from agreid.toml, else local",
    ),
]  # fmt: skip
ShardOption = Annotated[
    Optional[str],
    typer.Option(
        "--shard", metavar="I/N",
        help="Process only shard I of N. After all N, run the same command without --shard to join them.",
        show_default="all",
    ),
]  # fmt: skip
LevelOption = Annotated[
    Optional[str],
    typer.Option(
        "--level", metavar="crop|track", show_default="crop",
        help="What is ranked: every crop, or every track with its crops pooled.",
    ),
]  # fmt: skip
PoolOption = Annotated[
    Optional[str],
    typer.Option(
        "--pool", metavar="mean|weighted|best", show_default="weighted",
        help="With --level track: the mean of a track's crops, their mean weighted by quality, or the "
        "best-matching pair of crops.",
    ),
]  # fmt: skip
HERE = Path()


def check_pool(pool: str | None, level: str) -> None:
    """`UsageError` if a pool is given and crops are ranked."""
    from agreid_cli.errors import UsageError

    if pool is not None and level != "track":
        raise UsageError("--pool is for tracks", hint="Add --level track.")


def engine_config(engine: str | None, file: Path | None, shard: str | None = None) -> tuple[Any, Any]:
    """The configuration of the engine, and the shard; a shard runs in this process."""
    from agreid_cli.config.engine import ENGINES, EngineConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.errors import UsageError, did_you_mean
    from agreid_cli.records.shard import shard_of

    if engine not in (None, *ENGINES):
        raise UsageError(f"--engine: unknown engine '{engine}'{did_you_mean(str(engine), ENGINES)}")
    part = shard_of(shard)
    if part is not None and engine not in (None, "local"):
        raise UsageError("--shard and --engine ray exclude each other", hint="Ray divides the work itself.")
    return load_section(EngineConfig, "engine", file, name="local" if part is not None else engine), part


def is_workspace(context: typer.Context, folder: Path) -> bool:
    """Whether a command may write into `folder`: it was given as the workspace, or contains artefacts."""
    from agreid_cli.records.workspace import Workspace

    source = context.get_parameter_source("workspace")
    return (source is not None and source.name != "DEFAULT") or Workspace(folder).exists


def config_file(given: Path | None, workspace: Path) -> Path | None:
    """The configuration file to read: the given one, else the workspace's own if it exists."""
    own = workspace / "agreid.toml"
    return given or (own if own.is_file() else None)
