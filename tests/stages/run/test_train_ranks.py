"""Two processes under torchrun (gloo, CPU) equal one process with the joint batch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from agreid_cli.config.load import to_toml
from agreid_cli.records.runs import Run
from agreid_cli.records.training_log import read_log
from agreid_cli.records.workspace import Workspace
from agreid_cli.training.facts import Facts
from agreid_cli.training.intake import load_training
from agreid_cli.training.methods.reid import make_trainee
from tests.support.forked import ROOT
from tests.support.people_on_disk import write_people
from tests.training.trained import small

#: SGD, because Adam's first step is a sign, which tiny differences turn. One step of all eight batches,
#: because rounding grows from step to step.
HOW = (
    "data.p=4", "data.k=2", "optim.name=sgd", "optim.lr=0.02", "schedule.epochs=1", "ema=0.5",
    "accumulate=8",
)  # fmt: skip
RANKS = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


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
    two = run(tmp_path / "two", *RANKS)
    ours, theirs = read_log(one.log), read_log(two.log)
    assert [line["kind"] for line in ours] == [line["kind"] for line in theirs]
    assert theirs[0]["losses"] == pytest.approx(ours[0]["losses"], rel=1e-4)
    assert theirs[0]["step"] == ours[0]["step"] == 1
    assert [line["fingerprint"] for line in theirs[1:]] == [line["fingerprint"] for line in ours[1:]]
    assert [line["mAP"] for line in theirs[1:]] == pytest.approx([line["mAP"] for line in ours[1:]], abs=0.03)
    started = begun(tmp_path / "one")
    moved = []
    for weights in map(load_file, (one.last, two.last)):
        moved.append(np.concatenate([(weights[name] - value).ravel() for name, value in started.items()]))
    sizes = [np.linalg.norm(step) for step in moved]
    # In float32, inputs that differ by a millionth turn the first layers' gradients by two hundredths, for
    # some unit or hardest pair flips; float64, below, is exact.
    assert moved[0] @ moved[1] / (sizes[0] * sizes[1]) > 0.99
    assert sizes[1] == pytest.approx(sizes[0], rel=0.02)


def begun(root: Path) -> dict[str, np.ndarray]:
    """The parameters that training starts from."""
    config = small(*HOW)
    torch.manual_seed(config.seed)
    samples, _, _ = load_training(Workspace(root), config)
    named = make_trainee(config, Facts(n_ids=samples.n_ids)).model.named_parameters()
    return {name: value.detach().numpy() for name, value in named if value.requires_grad}


CODE = """
import sys
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from agreid_cli.training.distributed import gathered, joined, with_joint_norms, world_of_environment

torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
first, last = (nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), (nn.Linear(64, 5), nn.BatchNorm1d(5))
net = nn.Sequential(*first, nn.ReLU(), nn.Flatten(), *last)
images, label = torch.randn(8, 3, 6, 6), torch.arange(8) // 2
world, cpu = world_of_environment(), torch.device("cpu")
with joined(world, cpu):
    if world.many:
        net = DistributedDataParallel(with_joint_norms(net, cpu))
    share = slice(world.rank * 8 // world.size, (world.rank + 1) * 8 // world.size)
    out = net(images[share])
    every, labels = gathered(out), gathered(label[share])
    distance = (every[:, None] - every[None]).pow(2).sum(2)
    pairs = torch.where(labels[:, None] == labels[None], distance, (5 - distance).clamp(min=0)).mean()
    (nn.functional.cross_entropy(out, label[share]) + pairs).backward()
    if world.first:
        inner = net.module if world.many else net
        torch.save([p.grad for p in inner.parameters()] + list(inner.buffers()), sys.argv[1])
"""


@pytest.mark.slow
def test_gradients_and_statistics_of_two_ranks_are_exact(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text(CODE)
    found = []
    for name, launcher in (("one", ()), ("two", RANKS)):
        words = [sys.executable, *launcher, str(tmp_path / "code.py"), str(tmp_path / name)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
        found.append(torch.load(tmp_path / name, weights_only=True))
    for one, two in zip(*found, strict=True):
        torch.testing.assert_close(two, one, rtol=1e-9, atol=1e-12)


ONE_CROP = """
import sys
import numpy as np
import torch
from agreid_cli.nn.encoder import Encoder
from agreid_cli.training.distributed import joined, world_of_environment
from agreid_cli.training.embed import SidedCrops, embed
from agreid_cli.training.side import SideColumns

class Mean(torch.nn.Module):
    needs, mean, std = frozenset(), (0.5,) * 3, (0.5,) * 3
    def embed(self, images, side):
        return images.mean((2, 3))

world = world_of_environment()
crops = SidedCrops(np.full((1, 4, 4, 3), 200, np.uint8), SideColumns())
with joined(world, torch.device("cpu")):
    found = embed(Encoder(Mean(), size=(4, 4)), crops, batch=2, world=world)
np.save(f"{sys.argv[1]}-{world.rank}", found)
"""


@pytest.mark.slow
def test_fewer_crops_than_ranks_are_embedded_on_every_rank(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text(ONE_CROP)
    words = [sys.executable, *RANKS, str(tmp_path / "code.py"), str(tmp_path / "found")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    for rank in range(2):
        np.testing.assert_allclose(
            np.load(tmp_path / f"found-{rank}.npy"), np.full((1, 3), 200 / 127.5 - 1), 1e-6
        )
