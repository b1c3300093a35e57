"""The training loop: epochs of steps, validation, checkpoints. It knows no losses, attributes or files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Protocol

import torch

from agreid_cli.progress import Progress, Task
from agreid_cli.training.batch import Batch
from agreid_cli.training.distributed import any_rank
from agreid_cli.training.guard import check_finite
from agreid_cli.training.position import Meter
from agreid_cli.training.state import Training
from agreid_cli.training.step import step
from agreid_cli.training.stopping import Stop

READ_EVERY = 20  # batches on a GPU between two reads of the losses, because each read synchronises
SAVE_EVERY_S = 60.0  # if an epoch ends sooner after the last checkpoint, none is written


class Feed(Protocol):
    """The source of batches: each depends only on seed, epoch and index, so training can start at any of
    them."""

    waited_s: float

    def __len__(self) -> int:
        """Batches per epoch."""

    def epoch(self, number: int, *, start: int = 0) -> Iterator[Batch]:
        """The batches of epoch `number`, counted from 0, from batch `start` on."""


class Keeper(Protocol):
    """Receives the results: files, log, validation."""

    def save(self, training: Training) -> None:
        """Write a checkpoint atomically."""

    def log_epoch(self, training: Training, *, lr: float) -> None:
        """Write the log line of a finished epoch."""

    def validate(self, training: Training) -> float | None:
        """Rank the test crops and log it; returns the value that chooses the best epoch, or None."""

    def keep_best(self, training: Training) -> None:
        """Write these weights as the best so far, if an epoch is to be chosen."""


def fit(training: Training, feed: Feed, keeper: Keeper, *, stop: Stop, progress: Progress) -> None:
    """Train from the current position to the last epoch, or to a signal, which is raised after saving."""
    config, position = training.config, training.position
    if not config.schedule.epochs:
        keeper.save(training)
        return
    epochs = range(position.epoch, config.schedule.epochs)
    saved_at = time.monotonic()
    if _due(training):
        _validate(training, keeper)
    left = (len(epochs) * len(feed) - position.batch) * config.data.batch
    with progress.task("training", max(left, 0), "images") as task:
        for _ in epochs:
            _one_epoch(training, feed, keeper, stop, task)
            keeper.log_epoch(training, lr=position.lr)
            position.next_epoch()
            due = _due(training)
            if due or time.monotonic() - saved_at >= SAVE_EVERY_S:
                keeper.save(training)
                saved_at = time.monotonic()
            if due:
                _validate(training, keeper)


def _due(training: Training) -> bool:
    """Whether the epoch that just ended is to be validated and has not been yet.

    A checkpoint is written before the validation, so that an error in it cannot lose the epoch; a run resumed
    from there validates first.
    """
    position, every = training.position, training.config.validation.every
    if position.batch or position.epoch <= position.validated:
        return False
    last = position.epoch == training.config.schedule.epochs
    return last or (every > 0 and position.epoch % every == 0)


def _one_epoch(training: Training, feed: Feed, keeper: Keeper, stop: Stop, task: Task) -> None:
    """The rest of the current epoch."""
    position, config = training.position, training.config
    meter = Meter(position, every=READ_EVERY if training.device.type == "cuda" else 1)
    batches = feed.epoch(position.epoch, start=position.batch)
    waited = feed.waited_s
    while position.batch < len(feed):
        parts = min(config.accumulate, len(feed) - position.batch)
        position.lr = step(training, batches, parts, meter)
        if meter.due or position.batch == len(feed):
            losses = meter.read()
            position.waited_s += feed.waited_s - waited
            waited = feed.waited_s
            check_finite(losses, epoch=position.epoch + 1, step=position.step)
            _show(training, losses, task, parts)
        else:
            task.advance(parts * config.data.batch)
        if any_rank(stop.wanted is not None, training.device):
            meter.read()
            keeper.save(training)
            stop.leave()


def _validate(training: Training, keeper: Keeper) -> None:
    position = training.position
    figure = keeper.validate(training)
    position.validated = position.epoch
    if figure is not None and (position.best is None or figure > position.best):
        position.best, position.best_epoch = figure, position.epoch
        keeper.keep_best(training)


def _show(training: Training, losses: dict[str, float], task: Task, parts: int) -> None:
    position, config = training.position, training.config
    figures: dict[str, int | float | str] = {"epoch": f"{position.epoch + 1}/{config.schedule.epochs}"}
    figures |= losses
    figures["% waiting"] = f"{100 * position.wait_share:.0f}"
    if training.device.type == "cuda":
        figures["GiB"] = torch.cuda.max_memory_allocated(training.device) / 2**30
    task.advance(parts * config.data.batch, **figures)
