"""`agreid train --seeds`: the runs of single calls, what is kept and continued, and failures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.engine import EngineConfig
from agreid_cli.config.load import to_toml
from agreid_cli.errors import AgreidError, UsageError
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run import sweep as stage
from agreid_cli.stages.run.sweep import Planned, Sweep, sweep
from agreid_cli.stages.run.train import train
from tests.engine.conftest import ray_engine
from tests.support.heard import Heard
from tests.support.people_on_disk import write_people
from tests.support.tiny import tree
from tests.training.trained import small

__all__ = ["ray_engine"]  # the fixture, which pytest finds by its name here


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def plan(*seeds: int, epochs: int = 1) -> list[Planned]:
    return [Planned(f"campus-s{n}", small(f"schedule.epochs={epochs}", f"seed={n}")) for n in seeds]


def files(workspace: Workspace) -> dict[str, bytes]:
    """Of every run but TensorBoard's, which hold the time of day."""
    return {name: data for name, data in tree(workspace.runs).items()
            if "tensorboard" not in name and not name.startswith(".")}  # fmt: skip


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Seeds 0 and 1, trained by calls of their own."""
    workspace = write_people(tmp_path_factory.mktemp("single"))
    for one in plan(1, 0):
        train(workspace, config=one.config, name=one.name)
    return workspace


def test_a_sweep_trains_the_runs_of_single_calls_and_keeps_them(single: Workspace, tmp_path: Path) -> None:
    workspace = write_people(tmp_path)
    found = sweep(workspace, plan(0, 1))
    assert [trained.run.name for trained in found.runs] == ["campus-s0", "campus-s1"]
    assert (found.before, found.failures) == (frozenset(), ())
    made = files(workspace)
    assert made == files(single)
    heard = Heard()
    again = sweep(workspace, plan(0, 1), progress=heard)
    assert again.before == {"campus-s0", "campus-s1"}
    assert [(t.epochs, t.reported_epoch, t.evals) for t in again.runs] == [
        (t.epochs, t.reported_epoch, t.evals) for t in found.runs
    ]
    assert sorted(heard.notes) == [f"the run 'campus-s{n}' is finished already" for n in (0, 1)]
    assert files(workspace) == made


def test_an_interrupted_sweep_continues_and_a_failed_run_leaves_the_others(
    single: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = write_people(tmp_path)
    real, calls = stage.train, []

    def fails(*args: Any, name: str, resume: bool, **more: Any) -> Any:
        calls.append((name, resume))
        if name == "campus-s0":
            raise AgreidError("the loss is not finite", hint="Lower the learning rate.")
        return real(*args, name=name, resume=resume, **more)

    monkeypatch.setattr(stage, "train", fails)
    found = sweep(workspace, plan(0, 1))
    assert [trained.run.name for trained in found.runs] == ["campus-s1"]
    assert [(f.name, f.error.message) for f in found.failures] == [("campus-s0", "the loss is not finite")]
    monkeypatch.setattr(stage, "train", real)
    sweep(workspace, plan(0, 1))
    assert files(workspace) == files(single)
    (workspace.runs / "campus-s1" / "embeddings.parquet").unlink()
    monkeypatch.setattr(stage, "train", fails)
    calls.clear()
    assert sweep(workspace, plan(0, 1)).before == {"campus-s0"}
    assert calls == [("campus-s1", True)], "a run without its embeddings is not finished"
    assert files(workspace) == files(single)


def test_another_run_of_that_name_is_refused_before_anything_is_trained(single: Workspace) -> None:
    before = files(single)
    other = [Planned(one.name, small("schedule.epochs=1", f"seed={one.config.seed}", "optim.lr=0.5"))
             for one in plan(0, 1, 2)]  # fmt: skip
    with pytest.raises(UsageError, match="another configuration") as caught:
        sweep(single, other)
    said = str(caught.value)
    assert "campus-s0" in said
    assert "campus-s1" in said
    assert "optim.lr" in said
    with pytest.raises(UsageError, match="several runs would be called campus-s0"):
        sweep(single, plan(0, 0))
    assert files(single) == before


def test_on_the_command_line(single: Workspace, tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(to_toml(small("schedule.epochs=1")))
    words = ["train", "-w", str(single.root), "--config", str(tmp_path / "small.toml"), "--device", "cpu"]
    shown = CliRunner().invoke(app, [*words, "--seeds", "0,1"])
    assert shown.exit_code == 0, shown.output
    assert "0 runs trained, 2 finished before, 0 failed" in shown.stdout
    assert "campus: mean ± SD of 2" in shown.stdout
    told = json.loads(CliRunner().invoke(app, [*words, "--seeds", "0, 1", "--json"]).stdout)
    assert [(row["run"], row["recipe"], row["epochs"]) for row in told["runs"]] == [
        ("campus-s0", "campus", 1), ("campus-s1", "campus", 1),
    ]  # fmt: skip
    assert told["failed"] == []
    wrong = (
        "--seeds a", "--seeds 0,1 --resume", "--seeds 0 --set seed=3", "--engine ray",
        "--recipe campus --recipe campus-vit --name x",
    )  # fmt: skip
    for more in map(str.split, wrong):
        assert CliRunner().invoke(app, [*words, *more]).exit_code == 2, more


def test_several_recipes_are_planned_by_their_names(
    single: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Planned] = []

    def never(workspace: Workspace, planned: list[Planned], **more: Any) -> Sweep:
        asked.extend(planned)
        return Sweep((), frozenset(), ())

    monkeypatch.setattr(stage, "sweep", never)
    words = ["train", "-w", str(single.root), "--recipe", "campus", "--recipe", "campus-vit"]
    assert CliRunner().invoke(app, [*words, "--seeds", "3,4"]).exit_code == 0
    assert [(p.name, p.config.recipe, p.config.seed) for p in asked] == [
        ("campus-s3", "campus", 3), ("campus-s4", "campus", 4),
        ("campus-vit-s3", "campus-vit", 3), ("campus-vit-s4", "campus-vit", 4),
    ]  # fmt: skip
    asked.clear()
    assert CliRunner().invoke(app, words).exit_code == 0
    assert [p.name for p in asked] == ["campus", "campus-vit"]


@pytest.mark.slow
def test_a_sweep_on_ray_is_as_here(ray_engine: EngineConfig, single: Workspace, tmp_path: Path) -> None:
    workspace = write_people(tmp_path)
    found = sweep(workspace, plan(0, 1), device="cpu", engine=ray_engine)
    assert [trained.run.name for trained in found.runs] == ["campus-s0", "campus-s1"]
    assert files(workspace) == files(single)
    assert sweep(workspace, plan(0, 1), device="cpu", engine=ray_engine).before == {"campus-s0", "campus-s1"}
