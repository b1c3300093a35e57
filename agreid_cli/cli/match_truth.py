"""`agreid match-truth`: identities of extracted tracks, taken over from the truth of a synthetic campus."""

from __future__ import annotations

from typing import Annotated

import typer

from agreid_cli.cli.console import Voice
from agreid_cli.cli.options import HERE, JsonOption, WorkspaceOption


def match_truth(
    workspace: WorkspaceOption = HERE,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace annotations of another hand.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Write identities.csv and attributes.csv for the tracks that extract-crops found in a campus's videos.

    A track gets the person on whose true boxes its crops lie; it is divided by frames where the tracker went
    from one person to another, and is junk where it lies on nobody. build-manifest and build-split do this by
    themselves when identities.csv is missing. Each crop also gets its mask of body parts in truth/parts.

    Example: agreid match-truth --workspace campus
    """
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.annotate.match_truth import match_truth as match

    voice = Voice(json=json)
    found = match(Workspace(workspace), overwrite=overwrite, progress=voice)
    if found.strange:
        voice.note(f"{found.strange} crops are of other videos and get no row")
    voice.say(
        f"{found.identities} identities in {found.tracks} tracks ({found.split_tracks} divided, "
        f"{found.junk_tracks} on nobody): {found.path}"
    )
    names = ("tracks", "identities", "split_tracks", "junk_tracks", "masks", "strange")
    voice.data({"path": str(found.path), **{name: getattr(found, name) for name in names}})
