"""The folders under `runs/`: which there are, which is the newest, and where their parts lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agreid_cli.errors import MissingError, did_you_mean
from agreid_cli.records.workspace import Workspace


@dataclass(frozen=True)
class Run:
    """The paths of one run; nothing is created by asking for a path."""

    root: Path

    @property
    def name(self) -> str:
        return self.root.name

    @property
    def config(self) -> Path:
        return self.root / "config.toml"

    @property
    def embeddings(self) -> Path:
        return self.root / "embeddings.parquet"

    def result(self, direction: str) -> Path:
        return self.root / "eval" / f"{direction}.json"


def all_runs(workspace: Workspace) -> list[Run]:
    """Every run of the workspace, newest first; equally old ones by name."""
    folders = [path for path in workspace.runs.glob("*") if path.is_dir() and not path.name.startswith(".")]
    return [Run(path) for path in sorted(folders, key=lambda p: (-_made(Run(p)), p.name))]


def find_run(workspace: Workspace, name: str | None) -> Run:
    """The run of this name, or the newest; `MissingError` says which there are."""
    runs = all_runs(workspace)
    if name is None:
        if not runs:
            raise MissingError(
                f"there is no run in {workspace.runs}",
                hint="Rank embeddings of any program: agreid evaluate --embeddings FILE --direction a2g",
            )
        return runs[0]
    for run in runs:
        if run.name == name:
            return run
    near = did_you_mean(name, [run.name for run in runs])
    raise MissingError(f"there is no run '{name}' in {workspace.runs}{near}")


def _made(run: Run) -> float:
    marks = [path.stat().st_mtime for path in (run.config, run.embeddings) if path.is_file()]
    return max(marks, default=run.root.stat().st_mtime)
