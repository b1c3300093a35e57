"""`agreid merge-annotations`: merge the labels of several annotators and list disagreements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import HERE, ConfigOption, JsonOption, SetOption, WorkspaceOption, config_file

if TYPE_CHECKING:
    from agreid_cli.stages.annotate.merge_annotations import MergeResult


def merge_annotations(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="attributes.csv or identities.csv, one per annotator."),
    ],
    out: Annotated[
        Optional[Path],
        typer.Option(
            "--out",
            metavar="FILE",
            help="Merged file; the list of disagreements is written beside it.",
            show_default="attributes.csv or identities.csv of the workspace",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier merged file.")] = False,
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Merge annotators: majority vote, Fleiss' kappa, and the complete list of disagreements.

    More than half of the votes decide. A tie is left blank, to be resolved by hand (agreid review shows
    blank cells). Works for attributes, and for identities even if annotators number them differently.

    Example: agreid merge-annotations ann.csv ben.csv cleo.csv --out attributes.csv
    """
    from dataclasses import asdict

    from agreid_cli.config.build_manifest import ManifestConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.config.merge_annotations import MergeConfig
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.annotate.merge_annotations import merge_annotations as run

    console = Console(json=json)
    file = config_file(config, workspace)
    result = run(
        Workspace(workspace),
        files,
        load_section(MergeConfig, "merge-annotations", file, set_ or ()),
        manifest=load_section(ManifestConfig, "build-manifest", file),
        out=out,
        overwrite=overwrite,
        progress=console,
    )
    console.data(asdict(result))
    _show(console, result)


def _show(console: Console, result: MergeResult) -> None:
    rows = [
        [
            name,
            f"{found.n:,}",
            "–" if found.unanimous is None else f"{100 * found.unanimous:.1f}",
            "–" if found.kappa is None else f"{found.kappa:.3f}",
        ]
        for name, found in result.agreement.items()
    ]
    console.table(
        f"Agreement of {', '.join(result.annotators)}",
        ["", "compared", "unanimous %", "Fleiss' kappa"],
        rows,
        right=(1, 2, 3),
    )
    counts = ", ".join(f"{n:,} {why}" for why, n in sorted(result.counts.items(), key=lambda item: -item[1]))
    console.print("")
    console.print(f"{result.path}: {result.n_rows:,} rows ({counts})")
    console.print(
        f"{result.disagreements}: {result.n_disagreements:,} disagreements, "
        f"{result.n_to_settle:,} to resolve; these come first, and are blank in the merged file"
    )
