"""Errors before the first step, and that nothing after the last step can lose an epoch."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from agreid_cli.config.load import with_overrides
from agreid_cli.errors import AgreidError, InputError, UsageError
from agreid_cli.records.runs import Run, check_run_name
from agreid_cli.records.training_log import read_log
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run import keeper
from agreid_cli.stages.run.before import clear_leftovers
from agreid_cli.stages.run.train import train
from agreid_cli.training.checkpoint import load_weights
from tests.support.heard import Heard
from tests.support.people_on_disk import write_people
from tests.training.trained import small


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return write_people(tmp_path_factory.mktemp("people"))


def test_unknown_directions_are_refused_before_any_crop_is_read(people: Workspace) -> None:
    with pytest.raises(InputError) as caught:
        train(people, config=small("validation.directions=[all]"), name="typo")
    assert "unknown direction '[all]'" in str(caught.value)
    with pytest.raises(InputError) as caught:
        train(people, config=small("validation.directions=a2g,g2b,nowhere"), name="typo")
    assert len(caught.value.problems) == 2
    assert not people.runs.exists()
    assert not people.cache.exists()


NAMES = ["", " ", "a/b", "..", ".hidden", "a\\b", "a\0b", "x" * 300, "a:b", "tab\t", "end."]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_names_no_folder_is_refused(people: Workspace, name: str) -> None:
    with pytest.raises(UsageError, match="the run's name"):
        train(people, config=small(), name=name)
    assert not people.runs.exists()
    assert check_run_name("bot-vit_60 (new)") == "bot-vit_60 (new)"


def test_checkpoints_that_will_not_fit_on_the_disk_are_refused(
    people: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def usage(path: Path) -> SimpleNamespace:
        return SimpleNamespace(free=10**6 if "runs" in str(path) else 10**12)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    with pytest.raises(AgreidError, match=r"the checkpoints need 0\.\d\d GB"):
        train(people, config=small(), name="full")
    assert not (people.runs / "full").exists()


def test_directions_that_cannot_be_ranked_are_told_before_training(people: Workspace) -> None:
    heard = Heard()
    words = ("validation.directions=a2w,a2g", "schedule.epochs=1")
    train(people, config=small(*words), name="partly", progress=heard)
    assert "the test crops cannot be ranked a2w: validation ranks a2g" in heard.notes


def test_a_validation_that_fails_loses_no_epoch(people: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*words: object, **how: object) -> None:
        raise InputError("there is something wrong with the test crops")

    run = Run(people.runs / "unranked")
    with monkeypatch.context() as patch:
        patch.setattr(keeper, "validate", fail)
        with pytest.raises(InputError, match="something wrong"):
            train(people, config=small("validation.every=0"), name=run.name)
    assert load_weights(run.last).metadata["epoch"] == "2"
    kept = run.last.read_bytes()
    done = train(people, config=small("validation.every=0"), name=run.name, resume=True)
    assert (done.epochs, run.last.read_bytes() == kept) == (2, True)
    assert [line["kind"] for line in read_log(run.log)] == ["epoch", "epoch", "eval", "eval"]


def test_a_finished_run_goes_on_to_more_epochs_as_if_they_had_been_asked_for(people: Workspace) -> None:
    how = ("schedule.name=constant", "validation.every=1")
    train(people, config=small(*how, "schedule.epochs=1"), name="longer")
    heard = Heard()
    more = small(*how, "schedule.epochs=3")
    done = train(people, config=more, name="longer", resume=True, progress=heard)
    assert done.epochs == 3
    assert "the run 'longer' continues to epoch 3 instead of 1" in heard.notes
    assert not any("weights: none" in note for note in heard.notes), "it starts from its own weights"
    train(people, config=more, name="whole")
    for name in ("last", "state", "embeddings", "config", "log"):
        assert _bytes(people, "longer", name) == _bytes(people, "whole", name), name
    with pytest.raises(UsageError, match="cannot be resumed") as caught:
        train(people, config=small(*how, "schedule.epochs=2"), name="longer", resume=True)
    assert [str(p) for p in caught.value.problems] == ["schedule.epochs: was 3, now 2"]
    assert "model.weights=" in caught.value.hint


def _bytes(workspace: Workspace, run: str, part: str) -> bytes:
    path: Path = getattr(Run(workspace.runs / run), part)
    return path.read_bytes()


def test_leftovers_of_killed_processes_go_and_nothing_else(tmp_path: Path) -> None:
    run = Run(tmp_path / "runs" / "a")
    run.last.parent.mkdir(parents=True)
    gone = [run.last.parent / ".last.safetensors.12.tmp", run.root / ".config.toml.3.tmp"]
    kept = [run.last, tmp_path / "runs" / ".a.lock", tmp_path / "runs" / ".a.timing.jsonl"]
    for path in (*gone, *kept):
        path.write_bytes(b"x")
    folders = [tmp_path / "runs" / ".a.77.tmp", tmp_path / "runs" / ".a.77.old"]
    others = [tmp_path / "runs" / ".a.b.77.tmp", tmp_path / "runs" / "b"]
    for folder in (*folders, *others):
        folder.mkdir()
    clear_leftovers(run)
    assert not any(path.exists() for path in (*gone, *folders))
    assert all(path.exists() for path in (*kept, *others))


def test_resume_takes_what_the_run_began_with(people: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from agreid_cli.cli.app import app

    config = with_overrides(small("schedule.name=constant"), ["schedule.epochs=1"])
    train(people, config=config, name="mine")
    for words in ([], ["--set", "schedule.epochs=2"]):
        call = ["train", "--resume", "--name", "mine", "-w", str(people.root), "--device", "cpu", *words]
        done = CliRunner().invoke(app, call)
        assert done.exit_code == 0, done.stderr
        assert "mine: 1 epoch" in done.stdout or "mine: 2 epochs" in done.stdout
    refused = CliRunner().invoke(app, [*call[:-2], "--set", "optim.lr=1"])
    assert refused.exit_code == 2
    assert "optim.lr: was" in refused.stderr
    assert refused.stderr.count(": was") == 1
    shutil.rmtree(people.runs / "mine")
