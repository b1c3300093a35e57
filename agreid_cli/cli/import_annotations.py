"""`agreid import-annotations`: read annotations from CVAT or Label Studio."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import HERE, ConfigOption, JsonOption, SetOption, WorkspaceOption, config_file
from agreid_cli.datasets import TOOLS


def import_annotations(
    tool: Annotated[str, typer.Argument(metavar="TOOL", help=f"One of {', '.join(TOOLS)}.")],
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="CVAT for video 1.1 (.xml or .zip), or Label Studio JSON."),
    ],
    out: Annotated[
        Optional[Path],
        typer.Option(
            "--out", metavar="FOLDER", help="Folder for the two CSV files.", show_default="the workspace"
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing CSV files.")] = False,
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Read annotations from CVAT or Label Studio into identities.csv and attributes.csv.

    To send tracks to these tools, run: agreid export-dataset cvat OUT. If the labels of a person differ
    between tracks, the command reports it and writes nothing until that is resolved.

    Example: agreid import-annotations cvat annotations.zip --workspace my-campus
    """
    from dataclasses import asdict

    from agreid_cli.config.build_manifest import ManifestConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.annotate.import_annotations import import_annotations as run

    console = Console(json=json)
    result = run(
        Workspace(workspace),
        tool,
        files,
        manifest=load_section(ManifestConfig, "build-manifest", config_file(config, workspace), set_ or ()),
        out=out,
        overwrite=overwrite,
        progress=console,
    )
    console.data(asdict(result))
    console.print(f"{result.identities}: {result.n_tracks:,} tracks, {result.n_open:,} not fully annotated")
    console.print(
        f"{result.attributes}: {result.n_identities:,} identities, {result.n_with_labels:,} with labels"
    )
