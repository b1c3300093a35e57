"""A split that puts one identity in train and in test is refused by every command that uses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.export_dataset import ExportConfig
from agreid_cli.config.recipes import recipe
from agreid_cli.errors import InputError
from agreid_cli.progress import SILENT
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.split import SPLIT_SCHEMA
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.data.export_dataset import export_dataset
from agreid_cli.stages.run.evaluate import evaluate
from agreid_cli.stages.run.ranked import load_held_out, load_testing
from agreid_cli.training.intake import load_training
from tests.support.embedded import drawn, write_embeddings
from tests.support.tables import write_manifest


def mixed(root: Path) -> Workspace:
    """Pids 1 and 2 are trained on, 2 and 3 are asked for: as another program may write it."""
    workspace = write_manifest(root, 1, n_pids=3, attributes=False)
    table = read_manifest(workspace.manifest)
    rows = []
    for crop, pid, platform in zip(
        *(table[n].to_pylist() for n in ("crop_id", "pid", "platform")), strict=True
    ):
        first = crop.endswith("000000")
        if pid == 1 or (pid == 2 and first):
            rows.append((crop, "train", None))
        else:
            rows.append((crop, "query" if platform == "uav" else "gallery", "a2g"))
    columns = dict(zip(SPLIT_SCHEMA.names, zip(*rows, strict=True), strict=True))
    pq.write_table(
        pa.table({name: list(of) for name, of in columns.items()}, schema=SPLIT_SCHEMA), workspace.split
    )
    return workspace


def by_evaluate(workspace: Workspace) -> Any:
    file = write_embeddings(drawn(1, n_pids=3), workspace.root / "e.parquet")
    return evaluate(workspace, config=EvaluateConfig(), files=[file])


COMMANDS: dict[str, Callable[[Workspace], Any]] = {
    "train": lambda workspace: load_training(workspace, recipe("campus")),
    "train, held-out": lambda workspace: load_held_out(workspace, [1], recipe("campus"), SILENT),
    "embed": lambda workspace: load_testing(workspace, recipe("campus"), SILENT),
    "evaluate": by_evaluate,
    "export-dataset": lambda w: export_dataset(w, "market-1501", w.root / "out", ExportConfig()),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_an_identity_in_train_and_test_is_refused(tmp_path: Path, command: str) -> None:
    with pytest.raises(InputError) as caught:
        COMMANDS[command](mixed(tmp_path))
    assert str(caught.value.problems[0]).startswith(
        "pid 2: is in train (campus-cctv-0002-000000) and in test"
    )
    assert len(caught.value.problems) == 1
    assert "agreid build-split" in caught.value.hint
