"""Training the explainable stream: stored data, frozen parts, and refused teachers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.errors import InputError, MissingError, UsageError
from agreid_cli.progress import SILENT
from agreid_cli.records.manifest import manifest_artefact, read_manifest
from agreid_cli.records.runs import Run
from agreid_cli.records.training_log import read_log
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.evaluate_explain import evaluate_explain
from agreid_cli.stages.run.model_card import model_card
from agreid_cli.stages.run.train import train
from agreid_cli.training.explain_objective import ExplainObjective
from agreid_cli.training.methods.explain import ExplainFacts, prepare
from agreid_cli.training.methods.explain_teacher import with_teacher
from agreid_cli.training.saved import load_network
from agreid_cli.training.stored import stored_config
from tests.support.heard import Heard
from tests.support.people_on_disk import write_people
from tests.support.streams import settings, write_stream
from tests.support.tables import GROUP_SIZES

FEW = EvaluateConfig.model_validate({"explain": {"faithfulness": 0}})


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return write_stream(tmp_path_factory.mktemp("stream"), "explain.exclude=age,ethnic")


def test_the_teacher_within_is_the_run_to_the_bit_and_ranks_as_it_does(done: Workspace) -> None:
    teacher, stream = Run(done.runs / "campus"), Run(done.runs / "explain-campus")
    theirs, ours = load_network(teacher).model.state_dict(), load_network(stream).model.teacher.state_dict()
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(tensor, ours[name]) for name, tensor in theirs.items())
    vectors = [np.array(pq.read_table(run.embeddings)["embedding"].to_pylist()) for run in (teacher, stream)]
    assert np.array_equal(*vectors)
    assert len(vectors[0]) > 0


def facts_of(run: Run) -> ExplainFacts:
    facts = load_network(run).facts
    assert isinstance(facts, ExplainFacts)
    return facts


def test_the_run_says_what_it_explains_and_whom_it_has_not_seen(done: Workspace) -> None:
    run = Run(done.runs / "explain-campus")
    config, facts = stored_config(run), facts_of(run)
    assert config.explain is not None
    assert config.explain.teacher == facts.teacher == "runs/campus"
    theirs = stored_config(Run(done.runs / "campus")).model
    assert config.model == theirs.model_copy(update={"compile": False})
    book = facts.bits
    assert (len(book.groups), book.n_bits) == (13, 79)
    held_out = set(facts.held_out)
    assert len(held_out) == 2  # of 8 that are trained on
    assert held_out <= set(range(1, 9))
    assert not run.best.exists()  # its ranking is the teacher's, so no epoch is the best
    [line] = read_log(run.log)
    assert set(line["losses"]) == {"total", "distance", "prior1", "prior2", "attributes"}


def test_held_out_people_and_crops_without_attributes_are_not_trained_on(
    done: Workspace, tmp_path: Path
) -> None:
    config = settings("explain-campus", "explain.held_out=0.3", "explain.teacher=campus")
    data, trainee = prepare(done, config, SILENT)
    samples, images = data.samples, data.images
    held_out = set(trainee.facts.held_out)
    assert set(samples.pid.tolist()) == set(range(1, 9)) - held_out
    assert len(samples) == len(images) == 6 * 4
    assert trainee.backbone == ()
    workspace = Workspace(tmp_path / "some")
    shutil.copytree(done.root, workspace.root)
    table = read_manifest(workspace.manifest)
    for name in ("attr_bits", "attr_known"):
        values = [
            None if pid == 3 else v
            for pid, v in zip(table["pid"].to_pylist(), table[name].to_pylist(), strict=True)
        ]
        column = pa.array(values, table.schema.field(name).type)
        table = table.set_column(table.column_names.index(name), name, column)
    manifest_artefact(GROUP_SIZES).write(table, workspace.manifest)
    heard = Heard()
    everyone = settings("explain-campus", "explain.held_out=0", "explain.teacher=campus")
    samples = prepare(workspace, everyone, heard)[0].samples
    assert set(samples.pid.tolist()) == set(range(1, 9)) - {3}
    assert any("4 of 32 training crops have no attributes" in text for text in heard.warnings)


def test_people_who_are_held_out_from_the_run_are_held_out_from_its_stream(tmp_path: Path) -> None:
    workspace = write_people(tmp_path, n_pids=16, crops_per_pid=2, attributes=True, size=(32, 24))
    found = train(workspace, config=settings("campus", "data.held_out=0.3", "validation.every=1"))
    facts = load_network(found.run).facts
    strangers = list(facts.held_out)
    assert len(strangers) == 2
    assert set(strangers) <= set(range(1, 9))
    assert facts.n_ids == 6  # of the 8 that the split has for training
    # They judge the epochs, in the test's place, and only the test is embedded.
    assert {row["on"] for row in found.evals} == {"held-out"}
    assert {row["n_valid"] for row in found.evals} == {4}
    tested = set(pq.read_table(found.run.embeddings)["crop_id"].to_pylist())
    manifest = read_manifest(workspace.manifest)
    pid_of = dict(zip(manifest["crop_id"].to_pylist(), manifest["pid"].to_pylist(), strict=True))
    assert {pid_of[crop] for crop in tested} == set(range(9, 17))
    network = load_network(found.run)
    card = model_card(found.run, network, network.encoder())
    assert "chosen among epochs by 2 held-out training identities" in card
    assert "the test set has not been evaluated yet" in card

    only = settings("explain-campus", "explain.teacher=campus", "explain.held_out=0")
    data, trainee = prepare(workspace, only, SILENT)
    samples = data.samples
    assert set(samples.pid.tolist()) == set(range(1, 9)) - set(strangers)
    assert trainee.facts.held_out == facts.held_out
    train(workspace, config=only)
    [explained] = evaluate_explain(workspace, config=FEW, directions=["a2g"])
    assert explained.p_chosen_on.startswith("2 held-out training identities, 4 queries, whom neither network")

    with pytest.raises(InputError, match=r"data\.held_out=0\.5 is for a re-ID run"):
        train(workspace, config=settings("explain-campus", "data.held_out=0.5"), name="other")
    with pytest.raises(InputError, match="are fewer than 2"):
        train(workspace, config=settings("campus", "data.held_out=0.1"), name="few")


def test_a_resumed_stream_comes_to_the_same_weights(done: Workspace) -> None:
    longer = settings("explain-campus", "explain.held_out=0.3", "schedule.epochs=2")
    train(done, config=longer, name="whole")
    half = settings("explain-campus", "explain.held_out=0.3", "schedule.epochs=2")
    run = Run(done.runs / "halves")

    with pytest.MonkeyPatch.context() as patch:
        from agreid_cli.stages.run import keeper as run_keeper

        def stop(self: Any, training: Any, *, lr: float) -> None:
            own(self, training, lr=lr)
            training.position.next_epoch()
            self.save(training)
            raise KeyboardInterrupt

        own = run_keeper.RunKeeper.log_epoch
        patch.setattr(run_keeper.RunKeeper, "log_epoch", stop)
        with pytest.raises(KeyboardInterrupt):
            train(done, config=half, name="halves")
    train(done, config=half, name="halves", resume=True)
    first, second = (load_network(r).model.state_dict() for r in (Run(done.runs / "whole"), run))
    assert all(torch.equal(tensor, second[name]) for name, tensor in first.items())
    with pytest.raises(UsageError, match="cannot be resumed") as caught:
        train(done, config=settings("explain-campus", "explain.alpha=1"), name="halves", resume=True)
    assert "explain.alpha: was 10.0, now 1.0" in str(caught.value)


def test_a_batch_too_large_for_the_gpu_is_answered_with_one_that_fits(
    done: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = ExplainObjective.forward

    def limited(self: Any, model: Any, batch: Any) -> Any:
        if len(batch) > 5:
            raise torch.cuda.OutOfMemoryError("out of memory")
        return own(self, model, batch)

    monkeypatch.setattr(ExplainObjective, "forward", limited)
    with pytest.raises(InputError, match="out of GPU memory") as caught:
        train(done, config=settings("explain-campus"), name="large")
    assert "--set data.p=2 --set accumulate=2" in caught.value.hint


def test_the_teacher_may_be_a_run_of_another_project(done: Workspace, tmp_path: Path) -> None:
    other = tmp_path / "other" / "runs" / "campus"
    shutil.copytree(done.runs / "campus", other)
    named = with_teacher(done, settings("explain-campus", f"explain.teacher={other}"), Run(done.runs / "new"))
    assert named.explain is not None
    assert named.explain.teacher == other.resolve().as_posix()
    _, trainee = prepare(done, named, SILENT)
    assert trainee.facts.teacher == other.resolve().as_posix()
    shutil.rmtree(other / "checkpoints")
    with pytest.raises(InputError, match=str(other)):  # and never this workspace's run of the same name
        prepare(done, named, SILENT)


@pytest.mark.parametrize(
    ("sets", "says"),
    [
        (("explain.teacher=/nowhere/runs/campus",), "no run at /nowhere/runs/campus"),
        (("explain.teacher=runs/nobody",), "no run 'nobody'"),
        (("explain.teacher=runs/explain-campus",), "explainable stream itself"),
        (("explain.exclude=hats",), "do not exist"),
        (("explain.teacher=campus", "loss.terms={center={}}"), "does not use loss.terms"),
        (("explain.teacher=campus", "model.size=48x32"), "model.size"),
        (("explain.teacher=campus", "loss.label_smoothing=0.5"), "loss.label_smoothing: was 0.1, now 0.5"),
    ],
)
def test_what_cannot_be_explained_is_said_before_training(
    done: Workspace, sets: tuple[str, ...], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        train(done, config=settings("explain-campus", *sets), name="wrong")
    assert not (done.runs / "wrong").exists()


def test_a_recipe_of_another_network_is_refused_with_the_right_one(done: Workspace) -> None:
    with pytest.raises(InputError, match="does not fit") as caught:
        train(done, config=settings("explain-bot-osnet", "explain.teacher=campus"), name="wrong")
    assert "osnet-x1.0 in the recipe, mobilenetv2 in the run" in str(caught.value)
    assert "explain-campus" in caught.value.hint
    assert not (done.runs / "wrong").exists()


def test_without_a_teacher_or_without_attributes(done: Workspace, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no finished sbs run") as caught:
        train(done, config=settings("explain-sbs-osnet"), name="wrong")
    assert "agreid train --recipe sbs-osnet" in caught.value.hint
    bare = write_people(tmp_path, size=(32, 24), crops_per_pid=2)
    train(bare, config=settings("campus", "schedule.epochs=0"))
    with pytest.raises(InputError, match="has no attributes") as caught:
        train(bare, config=settings("explain-campus"))
    assert "build-manifest" in caught.value.hint
