"""A training step with the real input pipeline compared with the same step on one resident batch.

    python -m tests.benchmarks.train --recipe campus
    python -m tests.benchmarks.train --recipe bot-vit --device cuda --steps 200

Prints images/s of both, their ratio (the goal is 0.95), the share of time waiting, and on a GPU the peak
memory and the share of its bf16 peak.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from agreid_cli.config.load import with_overrides
from agreid_cli.config.recipes import recipe
from agreid_cli.config.train import TrainConfig
from agreid_cli.training.batch import Batch
from agreid_cli.training.batches import Batches
from agreid_cli.training.facts import Facts
from agreid_cli.training.intake import load_training
from agreid_cli.training.methods.reid import make_trainee
from agreid_cli.training.position import Meter
from agreid_cli.training.state import Training
from agreid_cli.training.step import step
from tests.support.people_on_disk import write_people

PEAK_TFLOPS = {"H100": 989, "H200": 989, "A100": 312, "L40": 181, "4090": 165}  # dense bf16


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--recipe", default="campus")
    words.add_argument("--device", default="cpu")
    words.add_argument("--steps", type=int, default=30)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--set", action="append", default=[])
    given = words.parse_args()
    config = with_overrides(recipe(given.recipe), ["model.weights=none", *given.set])
    device = torch.device(given.device)
    with tempfile.TemporaryDirectory() as folder:
        workspace = write_people(
            Path(folder), n_pids=2 * max(config.data.p, 32), crops_per_pid=8, size=(160, 64)
        )
        samples, images, _ = load_training(workspace, config)
        training = Training(make_trainee(config, Facts(n_ids=samples.n_ids)), config, device=device)
        backbone = training.network.model.backbone
        feed = Batches(
            samples, images, data=config.data, augment=config.augment, mean=backbone.mean, std=backbone.std,
            device=device, channels_last=training.network.channels_last,
        )  # fmt: skip
        real = endless(feed)
        resident = forever(next(real))
        run(training, resident, 5, device)  # warm
        run(training, real, 5, device)
        print(f"{given.recipe} on {hardware(device)}, batch {config.data.batch}, "
              f"{config.model.size[0]}x{config.model.size[1]}, {training.precision.name}")  # fmt: skip
        best: dict[str, float] = {"resident": 0.0, "real": 0.0}
        share = 1.0
        for _ in range(given.rounds):  # turn about, because a shared machine changes its speed
            for name, source in (("resident", resident), ("real", real)):
                waited = feed.waited_s
                seconds = run(training, source, given.steps, device)
                best[name] = max(best[name], given.steps * config.data.batch / seconds)
                if name == "real":
                    share = min(share, (feed.waited_s - waited) / seconds)
        print(f"resident batch {best['resident']:.1f} images/s; real input {best['real']:.1f} images/s; "
              f"ratio {best['real'] / best['resident']:.3f}; waiting {share:.1%}")  # fmt: skip
        if device.type == "cuda":
            gpu(training, config, best["real"], device)


def run(training: Training, source: Iterator[Batch], steps: int, device: torch.device) -> float:
    """Seconds of so many steps, everything on the device done."""
    meter = Meter(training.position, every=10**9)
    sync(device)
    start = time.perf_counter()
    for _ in range(steps):
        step(training, source, 1, meter)
    sync(device)
    return time.perf_counter() - start


def endless(feed: Batches) -> Iterator[Batch]:
    number = 0
    while True:
        yield from feed.epoch(number)
        number += 1


def forever(batch: Batch) -> Iterator[Batch]:
    while True:
        yield batch


def sync(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{torch.get_num_threads()} CPU threads"


def gpu(training: Training, config: TrainConfig, images_per_s: float, device: torch.device) -> None:
    """Peak memory, and the share of the card's peak by counted operations: three times a forward pass."""
    from torch.utils.flop_counter import FlopCounterMode

    crops = torch.zeros(1, 3, *config.model.size, device=device)
    training.network.model.eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        training.network.model.embed(crops)
    used = 3 * counter.get_total_flops() * images_per_s / 1e12
    name = torch.cuda.get_device_name(device)
    peak = next((value for key, value in PEAK_TFLOPS.items() if key in name), None)
    share = f", {used / peak:.1%} of its bf16 peak" if peak else ""
    memory = torch.cuda.max_memory_allocated(device) / 2**30
    print(f"{used:.0f} TFLOP/s{share}; peak memory {memory:.1f} GiB")


if __name__ == "__main__":
    main()
