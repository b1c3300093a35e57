"""The run folders under `runs/` and the paths inside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agreid_cli.errors import MissingError, UsageError, did_you_mean
from agreid_cli.records.workspace import Workspace

#: Maximum length of a run's name, which is part of the names of its lock and its temporary folders.
LONGEST_NAME = 200


@dataclass(frozen=True)
class Run:
    """The paths of one run; accessing a path creates nothing."""

    root: Path

    @property
    def name(self) -> str:
        return self.root.name

    @property
    def config(self) -> Path:
        return self.root / "config.toml"

    @property
    def inputs(self) -> Path:
        """Inputs of the run: hashes of manifest and split, versions, command line."""
        return self.root / "inputs.json"

    @property
    def log(self) -> Path:
        return self.root / "metrics.jsonl"

    @property
    def timing(self) -> Path:
        """The duration of each epoch; beside the folder, whose files depend only on the inputs."""
        return self.root.parent / f".{self.name}.timing.jsonl"

    @property
    def board(self) -> Path:
        """TensorBoard files."""
        return self.root / "tensorboard"

    @property
    def last(self) -> Path:
        """The weights after the last saved epoch."""
        return self.root / "checkpoints" / "last.safetensors"

    @property
    def state(self) -> Path:
        """Everything that `--resume` needs."""
        return self.root / "checkpoints" / "last.state.safetensors"

    @property
    def best(self) -> Path:
        """The weights of the epoch chosen on held-out identities; in old runs possibly on the test crops."""
        return self.root / "checkpoints" / "best.safetensors"

    @property
    def best_on_test(self) -> Path:
        """The weights of the epoch that scores best on the test crops, if `validation.keep` asks for them."""
        return self.root / "checkpoints" / "best-on-test.safetensors"

    @property
    def weights(self) -> Path:
        """The weights that the run reports: the chosen ones if there are any, else the last."""
        return next((path for path in (self.best, self.best_on_test) if path.is_file()), self.last)

    @property
    def embeddings(self) -> Path:
        return self.root / "embeddings.parquet"

    @property
    def onnx(self) -> Path:
        return self.root / "model.onnx"

    @property
    def lock(self) -> Path:
        """Lock of the process that trains the run; beside the run folder, which may not exist yet."""
        return self.root.parent / f".{self.name}.lock"

    def result(self, direction: str) -> Path:
        return self.root / "eval" / f"{direction}.json"


def check_run_name(name: str) -> str:
    """The name, if it is a valid folder name on every system; else `UsageError`."""
    wrong = ""
    if not name.strip() or name != name.strip():
        wrong = "is empty, or begins or ends with a space"
    elif set(name) & set('/\\:*?"<>|') or any(ord(letter) < 32 for letter in name):
        wrong = "contains a character that a folder name cannot have"
    elif name.startswith(".") or name.endswith("."):
        wrong = "begins or ends with a dot"
    elif len(name.encode()) > LONGEST_NAME:
        wrong = f"is longer than {LONGEST_NAME} bytes"
    if wrong:
        raise UsageError(f"the run's name {name!r} {wrong}", hint="Give another: --name NAME")
    return name


def all_runs(workspace: Workspace) -> list[Run]:
    """Every run of the workspace, newest first; runs of equal age by name."""
    folders = [path for path in workspace.runs.glob("*") if path.is_dir() and not path.name.startswith(".")]
    return [Run(path) for path in sorted(folders, key=lambda p: (-_made(Run(p)), p.name))]


def find_run(workspace: Workspace, name: str | None) -> Run:
    """The run of this name, or the newest; `MissingError` lists the existing runs."""
    runs = all_runs(workspace)
    if name is None:
        if not runs:
            raise MissingError(
                f"there is no run in {workspace.runs}",
                hint="Train one with: agreid train. Or rank embeddings of any program: "
                "agreid evaluate --embeddings FILE --direction a2g",
            )
        return runs[0]
    for run in runs:
        if run.name == name:
            return run
    near = did_you_mean(name, [run.name for run in runs])
    raise MissingError(f"there is no run '{name}' in {workspace.runs}{near}")


def run_at(workspace: Workspace, place: str) -> Run:
    """The run that `place` names: a run of the workspace by its name, or a run's folder by its path.

    A relative path is relative to the workspace, else to the current folder. `MissingError` if there is none.
    """
    path = Path(place)
    if len(path.parts) < 2:
        return find_run(workspace, place)
    for folder in (workspace.root / path, path):
        if folder.resolve().parent == workspace.runs.resolve():
            return find_run(workspace, folder.name)
        if folder.is_dir():
            return Run(folder.resolve())
    raise MissingError(
        f"there is no run at {place}", hint="Give a run of this workspace, or the path of a run's folder."
    )


def place_of(workspace: Workspace, run: Run) -> str:
    """The place from which `run_at` finds the run: runs/NAME in its own workspace, else the full path."""
    own = run.root.resolve().parent == workspace.runs.resolve()
    return f"runs/{run.name}" if own else run.root.resolve().as_posix()


def _made(run: Run) -> float:
    marks = [path.stat().st_mtime for path in (run.config, run.embeddings) if path.is_file()]
    return max(marks, default=run.root.stat().st_mtime)
