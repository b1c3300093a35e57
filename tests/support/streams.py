"""A workspace with drawn people, a re-ID run and an explainable stream, both trained briefly."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from agreid_cli.config.load import with_overrides
from agreid_cli.config.recipes import recipe
from agreid_cli.config.train import TrainConfig
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.train import train
from tests.support.people_on_disk import write_people

SMALL = (
    "model.size=32x32", "data.p=4", "data.k=2", "schedule.epochs=1", "schedule.warmup_iters=0",
    "schedule.cosine_from=0", "augment.pad=2",
)  # fmt: skip


def settings(name: str, *sets: str) -> TrainConfig:
    return with_overrides(recipe(name), [*SMALL, *sets])


def write_stream(root: Path, *sets: str, n_pids: int = 16, crops_per_pid: int = 2) -> Workspace:
    """Runs `campus` and `explain-campus`, the latter changed by `sets`."""
    workspace = write_people(root, n_pids=n_pids, crops_per_pid=crops_per_pid, attributes=True, size=(32, 24))
    train(workspace, config=settings("campus"))
    train(workspace, config=settings("explain-campus", "explain.held_out=0.3", *sets))
    return workspace


def copy_of_stream(root: Path) -> Workspace:
    """`write_stream` as it comes, which is trained once for all who ask."""
    shutil.copytree(_once().name, root, dirs_exist_ok=True)
    return Workspace(root)


@cache
def _once() -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory(prefix="agreid-stream-")
    write_stream(Path(folder.name))
    return folder
