"""`agreid review`: write the page for cleaning tracks and annotating identities and attributes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import HERE, ConfigOption, JsonOption, SetOption, WorkspaceOption, config_file


def review(
    out: Annotated[
        Optional[Path],
        typer.Option(
            "--out", metavar="FILE", help="Output page.", show_default="review.html of the workspace"
        ),
    ] = None,
    embed: Annotated[
        bool,
        typer.Option(
            "--embed", help="Embed small copies of the crops, so that the page can be copied elsewhere."
        ),
    ] = False,
    identities: Annotated[
        Optional[Path],
        typer.Option(
            "--identities", help="Annotations to start from.", show_default="identities.csv of the workspace"
        ),
    ] = None,
    attributes: Annotated[
        Optional[Path],
        typer.Option(
            "--attributes", help="Labels to start from.", show_default="attributes.csv of the workspace"
        ),
    ] = None,
    judgements: Annotated[
        Optional[Path],
        typer.Option(
            "--judgements",
            help="Accepted and rejected pairs to start from.",
            show_default="judgements.csv of the workspace",
        ),
    ] = None,
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Write a page for cleaning tracks and annotating identities and attributes, in any browser, offline.

    On the page, answer the proposals of propose-identities, mark non-persons, merge and split tracks, match
    people across cameras, and enter attributes. The browser stores the work; export identities.csv,
    attributes.csv and judgements.csv into the workspace when done.

    Example: agreid review --workspace my-campus
    """
    from dataclasses import asdict

    from agreid_cli.config.build_manifest import ManifestConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.config.review import ReviewConfig
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.annotate.review import review as run

    console = Console(json=json)
    file = config_file(config, workspace)
    result = run(
        Workspace(workspace),
        load_section(ReviewConfig, "review", file, set_ or ()),
        manifest=load_section(ManifestConfig, "build-manifest", file),
        out=out,
        embed=embed,
        identities=identities,
        attributes=attributes,
        judgements=judgements,
        progress=console,
    )
    console.data(asdict(result))
    console.print(
        f"{result.path}: {result.n_tracks:,} tracks with {result.n_crops:,} crops; "
        f"{result.n_decided:,} decided, {result.n_identities:,} identities"
        + (f"; {result.n_proposals:,} proposals, {result.n_answers:,} answered" if result.n_proposals else "")
    )
    console.print("Open it in a browser. Save its exports in the workspace, then run: agreid build-manifest")
