"""Training input: packed pixels and batched augmentation against a PIL/torchvision DataLoader.

`python -m tests.benchmarks.loader --cores 1 2 --recipe bot-resnet50 sbs-resnet50` draws person crops of the
sizes that videos give, builds the packed cache, and lets both make the same batches, turn by turn, on the
same cores: the same files, P×K plan, transforms and numbers. It prints crops/s by the clock and crops a
core-second by the processor's time, which other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from agreid_cli.config.data import AugmentConfig
from agreid_cli.config.recipes import recipe
from agreid_cli.config.train import TrainConfig
from agreid_cli.training.batches import Batches
from agreid_cli.training.cache import open_cache
from agreid_cli.training.samples import Samples

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PEOPLE = 100


def write_crops(folder: Path, n: int) -> list[str]:
    """JPEG crops, quality 95, with grain: aerial ones 60 to 250 pixels high, ground ones 80 to 200."""
    rng = np.random.default_rng(0)
    paths = []
    for i in range(n):
        height = int(rng.integers(60, 250)) if i % 2 else int(rng.integers(80, 200))
        width = int(height * rng.uniform(0.33, 0.5))
        coarse = rng.integers(0, 255, (height // 16 + 2, width // 16 + 2, 3), dtype=np.uint8)
        image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        image = np.clip(image + rng.normal(0, 4, image.shape), 0, 255).astype(np.uint8)
        paths.append(str(folder / f"{i:06d}.jpg"))
        cv2.imwrite(paths[-1], image, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return paths


def samples_for(paths: list[str]) -> Samples:
    n = len(paths)
    number = np.arange(n)
    label = number % PEOPLE
    names = np.array([str(i) for i in range(n)])
    side = number // PEOPLE % 2
    return Samples(names, np.array(paths), label, label, side * 3, side, names, None)


def peer_transform(augment: AugmentConfig, size: tuple[int, int]) -> Any:
    """The recipe's transforms as torchvision has them, in fast-reid's order."""
    from torchvision import transforms

    first = (
        [transforms.RandomApply([transforms.AutoAugment()], p=augment.autoaugment)]
        if augment.autoaugment
        else []
    )
    pad = [transforms.Pad(augment.pad), transforms.RandomCrop(size)] if augment.pad else []
    return transforms.Compose(
        [
            *first,
            transforms.Resize(size, interpolation=transforms.InterpolationMode.BICUBIC),
            *pad,
            transforms.RandomHorizontalFlip(augment.flip),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
            transforms.RandomErasing(
                augment.erase, scale=augment.erase_area, ratio=augment.erase_ratio, value=0
            ),
        ]
    )


class Crops(torch.utils.data.Dataset):  # type: ignore[type-arg]
    def __init__(self, paths: list[str], transform: Any) -> None:
        self.paths, self.transform = paths, transform

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, int]:
        from PIL import Image

        with Image.open(self.paths[row]) as image:
            return self.transform(image.convert("RGB")), row


def timed(stream: Any, batches: int, batch: int) -> dict[str, float]:
    """Crops a second and a core-second; the first batch, which starts processes, is not counted."""
    next(stream)
    start, used = time.perf_counter(), processor_s()
    for _ in range(batches):
        next(stream)
    seconds = time.perf_counter() - start
    close: Callable[[], None] = getattr(stream, "close", lambda: None)
    close()
    shutdown: Callable[[], None] = getattr(stream, "_shutdown_workers", lambda: None)
    shutdown()  # so that the workers' processor time is known
    return {"crops/s": batches * batch / seconds, "core-s": processor_s() - used}


def processor_s() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def turn(
    config: TrainConfig, samples: Samples, images: np.ndarray, cores: int, batches: int
) -> tuple[dict[str, float], dict[str, float]]:
    """One turn of each; figures of the peer and of ours."""
    feed = Batches(samples, images, data=config.data, augment=config.augment, mean=MEAN, std=STD)
    plan = torch.cat([feed.sampler.epoch(n) for n in range(1 + batches // len(feed) + 1)])[: batches + 1]
    data = Crops(samples.path.tolist(), peer_transform(config.augment, config.model.size))
    loader = torch.utils.data.DataLoader(data, batch_sampler=plan.tolist(), num_workers=cores)
    theirs = timed(iter(loader), batches, config.data.batch)
    ours = timed(endless(feed), batches, config.data.batch)
    for figures in (theirs, ours):
        # Made ahead and not taken: what is in the queues at the end was worked for, within the same time.
        figures["crops/core-s"] = (batches + 1) * config.data.batch / figures["core-s"]
    return theirs, ours


def endless(feed: Batches) -> Any:
    number = 0
    while True:
        number += 1
        yield from feed.epoch(number)


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("--crops", type=int, default=2000)
    words.add_argument("--batches", type=int, default=30)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    words.add_argument("--recipe", nargs="+", default=["bot-resnet50", "sbs-resnet50"])
    given = words.parse_args()
    torch.set_num_threads(1)
    all_cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        paths = write_crops(Path(folder), given.crops)
        samples = samples_for(paths)
        for name in given.recipe:
            config = recipe(name)
            for cores in given.cores:
                os.sched_setaffinity(0, set(all_cores[:cores]))
                cv2.setNumThreads(cores)
                place = Path(folder) / f"cache-{name}-{cores}"
                start, used = time.perf_counter(), processor_s()
                images = open_cache(place, paths, size=config.model.size).images
                seconds, used = time.perf_counter() - start, processor_s() - used
                print(
                    f"{name}, {cores} cores, {config.model.size}: cache {len(paths) / seconds:.0f} crops/s, "
                    f"{len(paths) / used:.0f} a core-second",
                    flush=True,
                )
                for number in range(given.rounds):
                    theirs, ours = turn(config, samples, images, cores, given.batches)
                    ratios = [ours[key] / theirs[key] for key in ("crops/s", "crops/core-s")]
                    print(
                        f"  round {number}: DataLoader {theirs['crops/s']:.0f} crops/s "
                        f"({theirs['crops/core-s']:.0f} a core-second), ours {ours['crops/s']:.0f} "
                        f"({ours['crops/core-s']:.0f}): {ratios[0]:.1f} times by the clock, "
                        f"{ratios[1]:.1f} by processor time",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
