"""`agreid match-truth`: label extracted tracks from the ground truth of a synthetic campus."""

from __future__ import annotations

from typing import Annotated

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import HERE, JsonOption, WorkspaceOption


def match_truth(
    workspace: WorkspaceOption = HERE,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace annotations from another source.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Write identities.csv and attributes.csv for tracks extracted from a campus's videos.

    Each track gets the identity whose true boxes its crops overlap. A track that changes from one person to
    another is divided by frame range; a track on nobody is junk. build-manifest and build-split run this
    step automatically if identities.csv is missing. Each crop also gets a mask of body parts in truth/parts.

    Example: agreid match-truth --workspace campus
    """
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.annotate.match_truth import match_truth as match

    console = Console(json=json)
    found = match(Workspace(workspace), overwrite=overwrite, progress=console)
    if found.strange:
        console.note(f"{found.strange} crops are from other videos and get no row")
    console.print(
        f"{found.identities} identities in {found.tracks} tracks ({found.split_tracks} divided, "
        f"{found.junk_tracks} on nobody): {found.path}"
    )
    names = ("tracks", "identities", "split_tracks", "junk_tracks", "masks", "strange")
    console.data({"path": str(found.path), **{name: getattr(found, name) for name in names}})
