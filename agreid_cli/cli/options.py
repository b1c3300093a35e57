"""The options that commands share, so that a word means the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

# typer reads these at run time and Python 3.10 must too, so Optional and not `| None`.
WorkspaceOption = Annotated[
    Path,
    typer.Option(
        "--workspace",
        "-w",
        envvar="AGREID_WORKSPACE",
        help="Folder that holds the artefacts.",
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
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change one value of the configuration, as in --set a.b=3."
    ),
]
HERE = Path()


def config_file(given: Path | None, workspace: Path) -> Path | None:
    """The configuration file to read: the one given, else the workspace's own when there is one."""
    own = workspace / "agreid.toml"
    return given or (own if own.is_file() else None)
