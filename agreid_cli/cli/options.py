"""Options shared by commands, so that each means the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

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
HERE = Path()


def is_workspace(context: typer.Context, folder: Path) -> bool:
    """Whether a command may write into `folder`: it was given as the workspace, or contains artefacts."""
    from agreid_cli.records.workspace import Workspace

    source = context.get_parameter_source("workspace")
    return (source is not None and source.name != "DEFAULT") or Workspace(folder).exists


def config_file(given: Path | None, workspace: Path) -> Path | None:
    """The configuration file to read: the given one, else the workspace's own if it exists."""
    own = workspace / "agreid.toml"
    return given or (own if own.is_file() else None)
