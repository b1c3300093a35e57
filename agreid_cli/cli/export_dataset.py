"""`agreid export-dataset`: write the workspace in the layout of another program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import HERE, ConfigOption, JsonOption, SetOption, WorkspaceOption, config_file
from agreid_cli.datasets import FORMATS


def export_dataset(
    format_name: Annotated[str, typer.Argument(metavar="FORMAT", help=f"One of {', '.join(FORMATS)}.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Output folder.")],
    direction: Annotated[
        str,
        typer.Option(
            "--direction", metavar="NAME", help="For market-1501: the direction whose roles are written."
        ),
    ] = "",
    link: Annotated[
        Optional[str],
        typer.Option(
            "--link",
            metavar="copy|hard|symbolic",
            help="How to place the images; links take no space.",
            show_default="copy",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export.")] = False,
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Write crops, roles and attributes as AG-ReID or Market-1501 folders, or boxes as COCO or MOT.

    cvat and label-studio write tracks for annotation; import-annotations reads the annotations back.

    OUT is written completely or not at all. The command reports what the format cannot store. import-dataset
    reads the two folder layouts back.

    Example: agreid export-dataset ag-reid exported --workspace my-campus --link hard
    """
    from dataclasses import asdict

    from agreid_cli.config.build_manifest import ManifestConfig
    from agreid_cli.config.export_dataset import ExportConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.data.export_dataset import export_dataset as run

    console = Console(json=json)
    file = config_file(config, workspace)
    settings = load_section(ExportConfig, "export-dataset", file, set_ or (), link=link)
    result = run(
        Workspace(workspace),
        format_name,
        out,
        settings,
        direction=direction,
        overwrite=overwrite,
        manifest=load_section(ManifestConfig, "build-manifest", file),
        progress=console,
    )
    console.data(asdict(result))
    for note in result.notes:
        console.note(note)
    held = [f"{result.images:,} images"] if result.images else []
    held += [*result.texts[:3], *([f"{len(result.texts) - 3} more files"] if len(result.texts) > 3 else [])]
    held += [result.attributes] if result.attributes else []
    console.print(f"{result.path}: {', '.join(held)} ({result.format})")
