"""Embed the test crops of a run again if its embeddings are missing or stale."""

from __future__ import annotations

from agreid_cli.progress import Progress
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.stale import why_stale


def refresh(
    workspace: Workspace, run: Run, *, device: str, progress: Progress, backend: str = "auto"
) -> None:
    """Embed the test crops if the run has no embeddings of them, or stale ones."""
    why = why_stale(workspace, run)
    if not why:
        return
    progress.note(f"embedding the test crops with the run '{run.name}' ({why})")
    # Torch is loaded only if there is something to embed; ranking works without it.
    from agreid_cli.stages.run.embed import embed

    embed(workspace, run=run.name, device=device, backend=backend, progress=progress)
