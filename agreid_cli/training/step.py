"""One step: forward and backward for `accumulate` batches, one optimiser step; and out-of-memory errors.

Accumulation averages the gradients of several P×K batches. So cross entropy is a mean over all crops of the
step, while triplet mining and batch-norm statistics are per P×K batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from agreid_cli.errors import InputError
from agreid_cli.training.batch import Batch
from agreid_cli.training.guard import Guard, check_finite
from agreid_cli.training.memory import fitting, too_large
from agreid_cli.training.objective import Losses
from agreid_cli.training.optim import set_rate
from agreid_cli.training.position import Meter
from agreid_cli.training.schedule import factor, frozen
from agreid_cli.training.state import Training


def step(training: Training, batches: Iterator[Batch], parts: int, meter: Meter) -> float:
    """Process the next `parts` batches and update the weights once; returns the learning rate used.

    The first step of a run checks that weights change; for a batch that is too large, the error names one
    that fits.
    """
    position, config, network = training.position, training.config, training.network
    now = {"step": position.step, "epoch": position.epoch}
    lr = config.learning_rate * factor(config.schedule, config.optim, **now)
    network.set_frozen(frozen(config.schedule, **now))
    set_rate(training.optimiser, lr)
    guard = None if training.proved else Guard(network.model)
    training.optimiser.zero_grad(set_to_none=True)
    batch: Batch | None = None
    try:
        for part in range(parts):
            batch = next(batches)
            with _no_sync(network.run, part < parts - 1):
                meter.add(_backward(training, batch, parts))
            position.batch += 1
            position.images += len(batch.label) * training.world.size
        _move(training)
    except torch.cuda.OutOfMemoryError as error:
        raise _refusal(training, batch) from error
    position.step += 1
    if guard:
        _prove(training, guard, meter)
    return lr


def _backward(training: Training, batch: Batch, parts: int) -> dict[str, torch.Tensor]:
    with training.precision.autocast():
        losses: Losses = training.objective(training.network.run, batch)
    training.scaler.scale(losses.total / parts).backward()
    return losses.named


def _move(training: Training) -> None:
    if training.config.optim.clip:
        training.scaler.unscale_(training.optimiser)
        trained = [p for group in training.optimiser.param_groups for p in group["params"]]
        if training.config.optim.clip_each:
            for parameter in trained:
                nn.utils.clip_grad_norm_([parameter], training.config.optim.clip)
        else:
            nn.utils.clip_grad_norm_(trained, training.config.optim.clip)
    training.scaler.step(training.optimiser)
    training.scaler.update()
    if training.ema:
        training.ema.update(training.network.model)
    if training.ema_of_terms:
        training.ema_of_terms.update(training.objective)


def _prove(training: Training, guard: Guard, meter: Meter) -> None:
    """Check the loss first, because NaN weights come from it; fp16 may skip steps until its scale fits."""
    position = training.position
    scale = training.scaler.get_scale()
    if training.scaler.is_enabled() and scale < training.scale_before and scale > 1:
        training.scale_before = scale
        return
    check_finite(meter.read(), epoch=position.epoch + 1, step=position.step)
    guard.check(training.network.model)
    training.proved = True


def _no_sync(run: Any, wanted: bool) -> AbstractContextManager[Any]:
    """Between the batches of one step, ranks do not synchronise gradients."""
    return run.no_sync() if wanted and hasattr(run, "no_sync") else nullcontext()


def _refusal(training: Training, batch: Batch | None) -> InputError:
    """Try smaller and smaller parts of the batch that did not fit, with the same objective."""
    training.optimiser.zero_grad(set_to_none=True)
    data, network, device = training.config.data, training.network, training.device
    p = data.p // training.world.size

    def attempt(crops: int) -> None:
        torch.cuda.empty_cache()
        assert batch is not None
        with training.precision.autocast():
            losses = training.objective(network.model, batch.first(crops))
        losses.total.backward()
        training.optimiser.zero_grad(set_to_none=True)

    # Alone: the other ranks wait in a step that this one has left.
    tried = batch is not None and not training.world.many
    fits = fitting(p, data.k, attempt) if tried else None
    return too_large(data.p, data.k, fits, device)
