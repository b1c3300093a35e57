"""Batches for the training loop, prepared ahead in threads while the network computes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from typing import Any

import numpy as np
import torch

from agreid_cli.config.data import AugmentConfig, DataConfig
from agreid_cli.cores import usable_cores
from agreid_cli.records.side import Side
from agreid_cli.training.augment import Normalise, draw
from agreid_cli.training.batch import Batch
from agreid_cli.training.sampler import PKSampler, check_world, mixed, part_of_rank
from agreid_cli.training.samples import Samples
from agreid_cli.training.side import camera_rows
from agreid_cli.training.store import make_store
from agreid_cli.training.threads import one_core_each


class Batches:
    """P×K batches of augmented crops on `device`.

    `samples` and `images` (N×H×W×3 uint8) have the same rows; `cameras` is that of `Facts`. Every batch
    depends only on `seed`, its epoch and its index. With `world` processes each gets its part of
    every batch, whole identities, with the same augmentation as in one process. `waited_s` is the time
    that the loop has waited, in seconds.
    """

    def __init__(
        self,
        samples: Samples,
        images: np.ndarray,
        *,
        data: DataConfig,
        augment: AugmentConfig,
        mean: Sequence[float],
        std: Sequence[float],
        cameras: Sequence[int] = (),
        seed: int = 0,
        device: torch.device | str = "cpu",
        rank: int = 0,
        world: int = 1,
        channels_last: bool = True,
    ) -> None:
        check_world(data.p, world)
        self.samples, self.augment, self.seed = samples, augment, seed
        self.device = torch.device(device)
        self.rank, self.world, self.prefetch, self.channels_last = rank, world, data.prefetch, channels_last
        self.size = (int(images.shape[1]), int(images.shape[2]))
        self.sampler = PKSampler(
            samples.label,
            samples.view,
            p=data.p,
            k=data.k,
            by_view=data.sampler.endswith("-views"),
            by_image=data.sampler.startswith("pk-images"),
            seed=seed,
        )
        self.store = make_store(images, Normalise.of(mean, std), self.device, on_gpu=data.on_gpu)
        columns = {name: getattr(samples, name) for name in ("label", "pid", "view", "box", "attrs")}
        columns["camera"] = camera_rows(samples.camid, cameras)
        self.columns = {
            name: None if values is None else torch.from_numpy(values).to(self.device)
            for name, values in columns.items()
        }
        on_gpu = self.device.type == "cuda"
        self.stream = torch.cuda.Stream(self.device) if on_gpu else None
        self.threads = 1 if on_gpu else min(usable_cores(), data.prefetch)
        self.waited_s = 0.0
        self._place = (0, 0)

    def __len__(self) -> int:
        """Batches per epoch."""
        return len(self.sampler)

    def epoch(self, number: int, *, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from batch `start` on, each prepared ahead.

        To stop early, close the iterator (leaving a `for` over it does so once it is no longer referenced).
        """
        plan = self.sampler.epoch(number)
        steps = iter(range(start, len(plan)))
        pool = one_core_each(self.threads, "batches")

        def ahead(n: int) -> list[Future[tuple[Batch, Any]]]:
            return [pool.submit(self._ahead, number, step, plan[step]) for step in islice(steps, n)]

        try:
            waiting = deque(ahead(self.prefetch))
            for step in range(start, len(plan)):
                asked = time.perf_counter()
                batch, event = waiting.popleft().result()
                self.waited_s += time.perf_counter() - asked
                waiting.extend(ahead(1))
                if event is not None:
                    self._hand_over(batch, event)
                self._place = (number, step + 1)
                yield batch
        finally:
            pool.shutdown(cancel_futures=True)

    def first(self) -> Batch:
        """The first batch, made here."""
        return self.make(0, 0, self.sampler.epoch(0)[0])

    def state_dict(self) -> dict[str, int]:
        """The position of the run: the epoch and the number of its batches taken."""
        return {"seed": self.seed, "epoch": self._place[0], "step": self._place[1]}

    def make(self, number: int, step: int, rows: torch.Tensor) -> Batch:
        """The batch of one step, given the rows of the joint batch of all processes."""
        generator = torch.Generator().manual_seed(mixed(self.seed, number, step))
        draws = draw(len(rows), self.augment, self.size, generator)
        share = len(rows) // self.world
        own = slice(self.rank * share, (self.rank + 1) * share)
        rows = part_of_rank(rows, rank=self.rank, world=self.world)
        images = self.store.images(rows, draws.part(own))
        if not self.channels_last:
            images = images.contiguous()
        where = rows.to(self.device)
        labels = {name: None if all_ is None else all_[where] for name, all_ in self.columns.items()}
        side = Side(**{part: labels.pop(part) for part in ("camera", "view", "box")})
        return Batch(images=images, index=where, side=side, **labels)

    def _ahead(self, number: int, step: int, rows: torch.Tensor) -> tuple[Batch, Any]:
        """On a GPU in a separate stream, concurrent with the network; the event signals that the batch is
        ready."""
        if self.stream is None:
            return self.make(number, step, rows), None
        with torch.cuda.stream(self.stream):
            return self.make(number, step, rows), self.stream.record_event()

    def _hand_over(self, batch: Batch, event: Any) -> None:
        """The loop's stream waits for the batch, and its memory is not reused before the loop is done with
        it."""
        current = torch.cuda.current_stream(self.device)
        current.wait_event(event)
        for tensor in batch.tensors():
            tensor.record_stream(current)
