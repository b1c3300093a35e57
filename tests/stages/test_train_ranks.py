"""Two processes under torchrun (gloo, CPU) equal one process with the joint batch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from agreid_cli.config.load import to_toml
from agreid_cli.records.runs import Run
from agreid_cli.records.training_log import read_log
from tests.forked import ROOT
from tests.people_on_disk import write_people
from tests.training.trained import small

#: SGD, because Adam's first step is a sign, which tiny differences turn. One step of all eight batches, because
#: rounding grows from step to step.
HOW = (
    "data.p=4", "data.k=2", "optim.name=sgd", "optim.lr=0.02", "schedule.epochs=1", "ema=0.5",
    "accumulate=8",
)  # fmt: skip


def run(root: Path, *launcher: str) -> Run:
    words = ["train", "--config", "small.toml", "--device", "cpu"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, *launcher, "-m", "agreid_cli", *words],
        cwd=root, env=environment, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("runs/campus: 1 epochs") == 1, "one rank speaks"
    return Run(root / "runs" / "campus")


@pytest.mark.slow
def test_two_ranks_train_what_one_process_trains(tmp_path: Path) -> None:
    write_people(tmp_path / "one", n_pids=16)
    (tmp_path / "one" / "small.toml").write_text(to_toml(small(*HOW)))
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    one = run(tmp_path / "one")
    two = run(tmp_path / "two", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    ours, theirs = read_log(one.log), read_log(two.log)
    assert [line["kind"] for line in ours] == [line["kind"] for line in theirs]
    assert theirs[0]["losses"] == pytest.approx(ours[0]["losses"], rel=1e-4)
    assert theirs[0]["step"] == ours[0]["step"] == 1
    assert [line["fingerprint"] for line in theirs[1:]] == [line["fingerprint"] for line in ours[1:]]
    assert [line["mAP"] for line in theirs[1:]] == pytest.approx([line["mAP"] for line in ours[1:]], abs=0.03)
    weights, others = load_file(one.last), load_file(two.last)
    assert list(weights) == list(others)
    for name, value in weights.items():
        if value.dtype.kind == "f":
            scale = max(abs(value).max(), 1e-2)
            assert abs(value - others[name]).max() <= 2e-3 * scale, name
