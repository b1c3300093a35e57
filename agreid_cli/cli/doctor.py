"""`agreid doctor`: what is installed, what is missing, and the command that fixes it."""

from __future__ import annotations

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import HERE, JsonOption, WorkspaceOption


def doctor(workspace: WorkspaceOption = HERE, json: JsonOption = False) -> None:
    """Show versions, GPU, video codecs and weights, and how to fix what is missing.

    Example: agreid doctor --workspace my-campus
    """
    from dataclasses import asdict

    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.doctor import examine

    console = Console(json=json)
    findings = examine(Workspace(workspace))
    console.data([asdict(f) for f in findings])
    marks = {"ok": "ok", "note": "-", "missing": "MISSING"}
    console.table(
        "agreid doctor",
        ["", "what", "found", "fix"],
        [[marks[f.state], f.what, f.found, f.fix] for f in findings],
    )
