"""Every head on every backbone is trained for two steps and evaluated, on thumbnails."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
import torch

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.load import with_overrides
from agreid_cli.config.recipes import recipe
from agreid_cli.records.runs import Run
from agreid_cli.records.training_log import read_log
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.evaluate import evaluate
from agreid_cli.stages.run.train import train
from agreid_cli.training.checkpoint import load_weights
from tests.support.people_on_disk import write_people

#: Four batches of four crops an epoch, which `accumulate` makes into one step.
TWO_STEPS = (
    "model.weights=none", "model.size=64x32", "data.p=2", "data.k=2", "accumulate=4", "schedule.epochs=2",
    "schedule.warmup_iters=0", "schedule.freeze_iters=0", "schedule.name=constant", "optim.base_batch=16",
    "validation.every=0", "augment.pad=2", "validation.batch=16",
)  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield write_people(tmp_path_factory.mktemp("people"), n_pids=4)
    torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.parametrize("head", ["bot", "sbs", "mgn"])
@pytest.mark.parametrize("backbone", ["resnet50", "vit", "osnet"])
def test_a_pair_trains_two_steps_and_is_ranked(workspace: Workspace, head: str, backbone: str) -> None:
    name = f"{head}-{backbone}"
    # The small ViT is the large one with narrower layers, and its checkpoints are a quarter as large.
    smaller = ["model.backbone=vit-s16"] if backbone == "vit" else []
    config = with_overrides(recipe(name), [*TWO_STEPS, *smaller])
    done = train(workspace, config=config)
    assert done.epochs == 2
    run = Run(workspace.runs / name)
    epochs = [line for line in read_log(run.log) if line["kind"] == "epoch"]
    assert [line["step"] for line in epochs] == [1, 2]
    assert set(epochs[0]["losses"]) == {"total", "ce", "triplet"}
    assert load_weights(run.last).metadata["step"] == "2"
    results = evaluate(workspace, config=EvaluateConfig(), run=name)
    assert [r.direction for r in results] == ["a2g", "g2a"]
    assert [r.mAP for r in results] == pytest.approx([e["mAP"] for e in done.evals])
    shutil.rmtree(run.root)
