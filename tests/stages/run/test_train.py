"""The files and the log of a run, resuming, and errors before it starts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.errors import InputError, MissingError, UsageError
from agreid_cli.records.runs import Run
from agreid_cli.records.training_log import FIELDS, read_log
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.evaluate import evaluate
from agreid_cli.stages.run.runs import locked_run
from agreid_cli.stages.run.train import train
from tests.support.heard import Heard
from tests.support.people_on_disk import write_people
from tests.training.trained import small


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace in which `small()` was trained."""
    workspace = write_people(tmp_path_factory.mktemp("people"))
    train(workspace, config=small())
    return workspace


def test_a_run_folder_holds_what_the_design_says(done: Workspace) -> None:
    run = Run(done.runs / "campus")
    found = {str(p.relative_to(run.root)) for p in run.root.rglob("*") if "tensorboard" not in p.parts}
    files = {
        "config.toml", "inputs.json", "metrics.jsonl", "embeddings.parquet", "checkpoints/last.safetensors",
        "checkpoints/last.state.safetensors",
    }  # fmt: skip
    assert found == files | {"checkpoints"} | {p for p in found if p == "tensorboard"}
    inputs = json.loads(run.inputs.read_text())
    assert {"manifest_sha256", "split_sha256", "packages", "argv", "commit", "pretrained"} <= set(inputs)
    assert inputs["pretrained"] == "none"


def test_every_line_of_the_log_has_its_fields(done: Workspace) -> None:
    lines = read_log(done.runs / "campus" / "metrics.jsonl")
    assert [line["kind"] for line in lines] == ["epoch", "eval", "eval"] * 2
    for line in lines:
        assert set(FIELDS[line["kind"]]) <= set(line)
    assert set(lines[0]["losses"]) == {"total", "ce", "triplet"}
    assert lines[0]["losses"]["total"] == pytest.approx(
        lines[0]["losses"]["ce"] + lines[0]["losses"]["triplet"]
    )


def test_an_existing_run_is_neither_touched_nor_mixed(done: Workspace) -> None:
    with pytest.raises(InputError, match="exists") as caught:
        train(done, config=small())
    assert "--resume" in caught.value.hint
    with pytest.raises(MissingError, match="no run 'other' to resume"):
        train(done, config=small(), name="other", resume=True)


def test_a_run_that_another_process_trains_is_left_alone(done: Workspace, tmp_path: Path) -> None:
    run = Run(done.runs / "campus")
    before = run.last.read_bytes()
    for name, how in (("campus", {"resume": True}), ("campus", {"overwrite": True}), ("new", {})):
        with (
            locked_run(Run(done.runs / name)),
            pytest.raises(UsageError, match="being trained by another process"),
        ):
            train(done, config=small(), name=name, **how)
    assert run.last.read_bytes() == before
    assert not (done.runs / "new").exists()
    assert not (done.runs / ".new.lock").exists()
    with pytest.raises(MissingError):  # a workspace where nothing can be trained stays as it was
        train(Workspace(tmp_path), config=small())
    assert list(tmp_path.iterdir()) == []


def test_resuming_with_another_configuration_shows_the_difference(done: Workspace) -> None:
    with pytest.raises(UsageError, match="cannot be resumed") as caught:
        train(done, config=small("optim.lr=0.5", "data.p=2"), resume=True)
    assert [str(p) for p in caught.value.problems] == ["data.p: was 4, now 2", "optim.lr: was 0.002, now 0.5"]


def test_without_a_split_the_command_that_makes_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"manifest\.parquet does not exist") as caught:
        train(Workspace(tmp_path), config=small())
    assert "agreid build-manifest" in caught.value.hint


def test_a_run_that_cannot_begin_leaves_no_folder_and_replaces_none(done: Workspace) -> None:
    before = sorted(p for p in done.runs.rglob("*") if p.is_file())
    wrong = small("data.p=50")
    with pytest.raises(InputError, match="a batch of 50 identities cannot be filled"):
        train(done, config=wrong, name="impossible")
    with pytest.raises(InputError, match="a batch of 50 identities cannot be filled"):
        train(done, config=wrong, overwrite=True)
    assert sorted(p for p in done.runs.rglob("*") if p.is_file()) == before


def test_the_last_epoch_is_reported_and_the_best_on_test_only_under_that_name(tmp_path: Path) -> None:
    workspace = write_people(tmp_path)
    plain = train(workspace, config=small("schedule.epochs=3"), name="plain")
    assert plain.run.weights == plain.run.last
    assert {row["epoch"] for row in plain.evals} == {3} == {plain.reported_epoch}
    chosen = train(
        workspace, config=small("schedule.epochs=3", "validation.keep=best-on-test"), name="chosen"
    )
    assert chosen.run.weights == chosen.run.best_on_test
    assert chosen.run.last.read_bytes() != b""
    rows = [row for row in read_log(chosen.run.log) if row["kind"] == "eval"]
    means = {e: sum(r["mAP"] for r in rows if r["epoch"] == e) for e in (1, 2, 3)}
    assert chosen.reported_epoch == max(means, key=lambda epoch: (means[epoch], -epoch))
    heard = Heard()
    evaluate(workspace, config=EvaluateConfig(), run="chosen", progress=heard)
    assert any("best-on-test" in note and "too high" in note for note in heard.notes)
    apart = train(workspace, config=small("data.held_out=0.5", "data.p=2"), name="apart")
    assert apart.run.weights == apart.run.best
