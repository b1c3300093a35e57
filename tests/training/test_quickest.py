"""`auto` takes the quickest number format, changes nothing of the run, and never decides a near tie."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from agreid_cli.config.load import to_toml
from agreid_cli.records.files import write_text
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run import train as stage
from agreid_cli.stages.run.runs import must_agree
from agreid_cli.stages.run.train import train
from agreid_cli.training import quickest
from agreid_cli.training.methods import method_of
from agreid_cli.training.quickest import Format, candidates, timed
from agreid_cli.training.stored import as_decided, stored_config
from agreid_cli.training.trainee import Trainee
from tests.support.heard import Heard
from tests.support.people_on_disk import write_people
from tests.training.trained import small

CPU = torch.device("cpu")
BOTH = ("precision=auto", "model.channels_last=auto")
PLAIN, LAST, HALF = Format("fp32", False), Format("fp32", True), Format("bf16", True)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return write_people(tmp_path / "people")


def test_only_what_is_left_open_is_a_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quickest, "cpu_has_bf16", lambda: True)
    assert candidates(small(*BOTH), CPU) == [LAST, PLAIN, HALF, Format("bf16", False)]
    assert candidates(small("precision=auto"), CPU) == [LAST, HALF]
    assert candidates(small("precision=mixed", "model.channels_last=auto"), CPU) == [LAST, PLAIN]
    monkeypatch.setattr(quickest, "cpu_has_bf16", lambda: False)
    assert candidates(small("precision=auto"), CPU) == [LAST]


def test_timing_leaves_weights_statistics_and_random_numbers(workspace: Workspace) -> None:
    config = small()
    torch.manual_seed(4)
    data, trainee = method_of(config).prepare(workspace, config, Heard())
    before = copy.deepcopy(trainee.model.state_dict())
    strides = [p.stride() for p in trainee.model.parameters()]
    state = torch.get_rng_state()
    batch = stage.batches_of(config, data, trainee, CPU, stage.World()).first()
    found = timed([LAST, PLAIN], config, trainee, batch, CPU)
    assert all(0 < seconds < 1e6 for seconds in found.values())
    after = trainee.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert strides == [p.stride() for p in trainee.model.parameters()]
    assert all(p.grad is None for p in trainee.model.parameters())
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("quick", [PLAIN, LAST])
def test_the_run_is_that_of_the_chosen_format_and_keeps_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, quick: Format
) -> None:
    """The same bytes as of a run that was given the format by name; a resume does not time again."""
    calls: list[int] = []

    def measured(formats: list[Format], *_: object) -> dict[Format, float]:
        calls.append(len(formats))
        return {one: 1.0 if one == quick else 1.2 for one in formats}

    monkeypatch.setattr(quickest, "cpu_has_bf16", lambda: False)
    monkeypatch.setattr(quickest, "timed", measured)
    heard = Heard()
    config = small("model.channels_last=auto", "precision=auto", "schedule.epochs=1")
    run = train(workspace, config=config, name="auto", device="cpu", progress=heard).run
    assert any(f"trains in {quick}, " in note for note in heard.notes)
    assert any("timed 3 steps each: fp32, channels-last 6.67 images/s" in n or
               "timed 3 steps each: fp32, channels-last 8 images/s" in n for n in heard.notes)  # fmt: skip
    stored = stored_config(run)
    assert (stored.precision, stored.model.channels_last) == ("fp32", quick.channels_last)
    assert calls == [2]

    order = f"model.channels_last={str(quick.channels_last).lower()}"
    other = train(workspace, config=small(order, "schedule.epochs=1"), name="named", device="cpu").run
    assert other.last.read_bytes() == run.last.read_bytes()

    longer = small("model.channels_last=auto", "precision=auto", "schedule.epochs=2")
    train(workspace, config=longer, name="auto", resume=True, device="cpu")
    assert calls == [2], "resumed without timing"
    train(workspace, config=small(order), name="named", resume=True, device="cpu")
    assert other.last.read_bytes() == run.last.read_bytes()


def test_runs_that_began_before_auto_was_timed_are_resumed_as_they_were(tmp_path: Path) -> None:
    run = Run(tmp_path / "old")
    write_text(run.config, to_toml(small("precision=auto")))
    ran = stored_config(run)
    assert ran.precision == "mixed"
    assert as_decided(small("precision=auto"), ran) == ran
    write_text(run.inputs, "{}")
    must_agree(run, small("precision=auto"), {})
    must_agree(run, small("precision=mixed"), {})


def test_the_trainee_may_hold_what_cannot_be_copied(workspace: Workspace) -> None:
    config = small()
    data, made = method_of(config).prepare(workspace, config, Heard())
    awkward = Trainee(
        made.model, made.objective, made.facts, made.backbone, groups=(g for g in ()),  # type: ignore[arg-type]
        first=lambda training: None,
    )  # fmt: skip
    batch = stage.batches_of(config, data, awkward, CPU, stage.World()).first()
    assert set(timed([LAST], config, awkward, batch, CPU)) == {LAST}
