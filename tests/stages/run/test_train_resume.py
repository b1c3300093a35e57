"""Killed or interrupted, then resumed: exactly the result of an uninterrupted run."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from agreid_cli.config.load import to_toml
from agreid_cli.records.runs import Run
from tests.support.forked import Warm
from tests.support.people_on_disk import write_people
from tests.support.tiny import tree
from tests.training.trained import small

#: Runs `agreid train`, and sends itself a signal just before a step.
CODE = """
import os, sys
import torch
torch.set_num_threads(1)
from agreid_cli.training import loop
from agreid_cli.cli.app import main
step, count = loop.step, 0
def counted(*words):
    global count
    if count == {at}:
        os.kill(os.getpid(), {signal})
    count += 1
    return step(*words)
loop.step = counted
sys.argv = ["agreid", "train", "--config", "small.toml", "--device", "cpu", *{words}]
main()
"""
NEVER = 10**9
#: Four steps an epoch; the mean weights, accumulation and clipping have state of their own.
HOW = ("data.p=2", "data.k=2", "ema=0.9", "accumulate=2", "optim.clip=5", "schedule.epochs=3")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Path:
    """A workspace with a run that nobody stopped."""
    root = tmp_path_factory.mktemp("people")
    write_people(root)
    (root / "small.toml").write_text(to_toml(small(*HOW)))
    # An optimiser of torch loads the compiler, which takes seconds.
    warm.preload("agreid_cli.stages.run.train", "agreid_cli.nn.backbones.osnet", "agreid_cli.nn.heads.single",
                 "torch._dynamo", "timm")  # fmt: skip
    assert go(warm, root)[0] == 0
    return root


def go(warm: Warm, root: Path, *words: str, at: int = NEVER, sent: int = 0) -> tuple[int, str, str]:
    return warm.python(CODE.format(at=at, signal=sent, words=list(words)), cwd=root)


def outcome(root: Path) -> dict[str, bytes]:
    """What must not differ: every file of the run but TensorBoard's, which hold the time of day."""
    files = tree(root / "runs" / "campus")
    return {name: data for name, data in files.items() if not name.startswith("tensorboard")}


@pytest.mark.parametrize(
    ("at", "sent", "code"),
    [
        pytest.param(6, signal.SIGKILL, -9, id="killed in the second epoch"),
        pytest.param(2, signal.SIGKILL, -9, id="killed before any checkpoint", marks=pytest.mark.slow),
        pytest.param(6, signal.SIGTERM, 143, id="terminated", marks=pytest.mark.slow),
        pytest.param(5, signal.SIGINT, 130, id="Ctrl-C", marks=pytest.mark.slow),
        pytest.param(3, signal.SIGINT, 130, id="Ctrl-C in the last step of an epoch", marks=pytest.mark.slow),
    ],
)
def test_stopped_and_resumed_is_uninterrupted(
    whole: Path, tmp_path: Path, warm: Warm, at: int, sent: int, code: int
) -> None:
    root = tmp_path / "w"
    shutil.copytree(whole, root)
    shutil.rmtree(root / "runs")
    assert go(warm, root, at=at, sent=sent)[0] == code
    run = Run(root / "runs" / "campus")
    assert run.state.is_file() == (at != 2)
    done, _, said = go(warm, root, "--resume")
    assert done == 0, said
    if sent != signal.SIGKILL:
        # The step in hand was finished and saved, in the middle of an epoch.
        assert f"(step {at + 1})" in said
    mine, theirs = outcome(root), outcome(whole)
    assert mine.keys() == theirs.keys()
    assert [name for name in mine if mine[name] != theirs[name]] == []


@pytest.mark.slow
def test_a_finished_run_is_resumed_without_a_change(whole: Path, warm: Warm) -> None:
    before = outcome(whole)
    code, _, said = go(warm, whole, "--resume")
    assert (code, outcome(whole) == before) == (0, True), said
