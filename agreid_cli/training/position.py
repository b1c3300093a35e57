"""The position of a run, and the sums of the current epoch: the non-tensor part of a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from agreid_cli.training.distributed import mean_over_ranks


@dataclass
class Position:
    """`epoch` finished epochs, `batch` finished batches of the next one, `step` optimiser steps in total."""

    epoch: int = 0
    batch: int = 0
    step: int = 0
    best: float | None = None  # the best validation result so far
    best_epoch: int = 0
    validated: int = 0  # the epoch of the last validation
    lr: float = 0.0  # of the last step
    log_size: int = 0  # bytes of metrics.jsonl that belong to this state
    images: int = 0  # of the current epoch, as are the next three
    seconds: float = 0.0
    waited_s: float = 0.0
    sums: dict[str, float] = field(default_factory=dict)
    summed: int = 0  # batches in `sums`

    def next_epoch(self) -> None:
        self.epoch, self.batch = self.epoch + 1, 0
        self.images, self.seconds, self.waited_s, self.sums, self.summed = 0, 0.0, 0.0, {}, 0

    @property
    def wait_share(self) -> float:
        """The fraction of the epoch's time in which no batch was ready."""
        return min(1.0, self.waited_s / self.seconds) if self.seconds else 0.0

    @property
    def images_per_s(self) -> float:
        return self.images / self.seconds if self.seconds else 0.0

    def means(self) -> dict[str, float]:
        """The losses of the epoch so far, each a mean over its batches."""
        return {name: value / max(self.summed, 1) for name, value in self.sums.items()}

    def state_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Position:
        return cls(**{"validated": state["epoch"], **state})  # states of agreid 0.1 lack it


class Meter:
    """Collects losses on the device; reads them only now and then, because that makes a GPU synchronise."""

    def __init__(self, position: Position, *, every: int) -> None:
        self.position, self.every = position, every
        self.kept: list[dict[str, Tensor]] = []
        self.last: dict[str, float] = {}
        self.since = time.perf_counter()

    @property
    def due(self) -> bool:
        """Whether it is time to read."""
        return len(self.kept) >= self.every

    def add(self, named: Mapping[str, Tensor]) -> None:
        """Add the losses of one batch."""
        self.kept.append(dict(named))

    def read(self) -> dict[str, float]:
        """Add the collected losses to the position's sums; returns the losses of the newest batch."""
        if self.kept:
            names = list(self.kept[0])
            table = torch.stack([torch.stack([row[n].float() for n in names]) for row in self.kept])
            for row in mean_over_ranks(table.double()).cpu().tolist():
                for name, value in zip(names, row, strict=True):
                    self.position.sums[name] = self.position.sums.get(name, 0.0) + value
                self.position.summed += 1
                self.last = dict(zip(names, row, strict=True))
            self.kept = []
        now = time.perf_counter()
        self.position.seconds += now - self.since
        self.since = now
        return self.last
