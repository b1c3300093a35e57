"""`auto`: time a few training steps in each number format and order of channels, and take the quickest.

Only forward and backward passes of copies of the network are timed, so weights, batch statistics and random
numbers of the run are untouched. Near ties keep the first candidate, so that noise seldom decides; where two
runs must be equal, the formats are to be given by name.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from agreid_cli.config.train import TrainConfig
from agreid_cli.progress import Progress
from agreid_cli.training.batch import Batch
from agreid_cli.training.checkpoint import random_state, set_random_state
from agreid_cli.training.distributed import World, every_rank
from agreid_cli.training.network import Network
from agreid_cli.training.precision import choose_precision, cpu_has_bf16
from agreid_cli.training.trainee import Trainee

#: How many times as quick as the first candidate another must be.
GAIN = 1.1
ROUNDS = 3
#: Crops of the batch that are used: enough for the ratio, and few enough for large networks.
CROPS = 32


@dataclass(frozen=True)
class Format:
    """A number format, fp32 or bf16, and whether channels are last."""

    precision: str
    channels_last: bool

    def __str__(self) -> str:
        return f"{self.precision}{', channels-last' if self.channels_last else ''}"

    def of(self, config: TrainConfig) -> TrainConfig:
        """The configuration with this format."""
        model = config.model.model_copy(update={"channels_last": self.channels_last})
        return config.model_copy(update={"model": model, "precision": self.precision})


def is_open(config: TrainConfig) -> bool:
    """Whether `auto` is still to be decided."""
    return "auto" in (config.precision, config.model.channels_last)


def decided(
    config: TrainConfig,
    trainee: Trainee,
    batch: Callable[[], Batch],
    *,
    device: torch.device,
    progress: Progress,
) -> TrainConfig:
    """The configuration without `auto`; what was measured is said. batch: makes one of the run.

    On a GPU it is bf16, if there is, with channels last, and nothing is timed. Of several processes, the
    first decides.
    """
    formats = candidates(config, device)
    chosen = formats[0]
    if len(formats) > 1:
        some = batch()
        some = some.first(min(CROPS, len(some)))
        seconds = timed(formats, config, trainee, some, device)
        chosen = quickest(seconds)
        speeds = "; ".join(f"{one} {len(some) / s:.3g} images/s" for one, s in seconds.items())
        progress.note(f"timed {ROUNDS} steps each: {speeds}")
    first: Format = every_rank(chosen)[0]
    progress.note(f"trains in {first}, which the run's config.toml keeps")
    return first.of(config)


def candidates(config: TrainConfig, device: torch.device) -> list[Format]:
    """The formats that the configuration leaves open on this device, the usual one first."""
    wish, order = config.precision, config.model.channels_last
    if device.type != "cpu":
        return [Format(choose_precision(wish, device).name, bool(order))]
    quick = ["bf16"] if cpu_has_bf16() else []
    names = ["fp32", *quick] if wish == "auto" else [choose_precision(wish, device).name]
    orders = (True, False) if order == "auto" else (bool(order),)
    return [Format(name, last) for name in names for last in orders]


def quickest(seconds: dict[Format, float]) -> Format:
    """The format with the fewest seconds if it is `GAIN` times as quick as the first, else the first.

    >>> usual, other = Format("fp32", True), Format("bf16", True)
    >>> str(quickest({usual: 1.05, other: 1.0})), str(quickest({usual: 1.2, other: 1.0}))
    ('fp32, channels-last', 'bf16, channels-last')
    """
    usual = next(iter(seconds))
    best = min(seconds, key=seconds.__getitem__)
    return best if seconds[best] * GAIN <= seconds[usual] else usual


def timed(
    formats: Sequence[Format], config: TrainConfig, trainee: Trainee, batch: Batch, device: torch.device
) -> dict[Format, float]:
    """Seconds of a forward and backward pass in each format: the best of `ROUNDS`, which alternate."""
    own = copy.deepcopy(replace(trainee, first=None, loaded=None, groups=()))
    network = Network(own, formats[0].of(config), device=device, world=World())
    network.set_frozen(False)
    before = random_state(device)
    best = dict.fromkeys(formats, float("inf"))
    try:
        for warm in (True, *[False] * ROUNDS):
            for one in formats:
                seconds = _pass(network, one, batch, device)
                if not warm:
                    best[one] = min(best[one], seconds)
    finally:
        set_random_state(before, device)
    return best


def _pass(network: Network, one: Format, batch: Batch, device: torch.device) -> float:
    order = torch.channels_last if one.channels_last else torch.contiguous_format
    network.model.to(memory_format=order)
    given = replace(batch, images=batch.images.contiguous(memory_format=order))
    start = time.perf_counter()
    with choose_precision(one.precision, device).autocast():
        losses = network.objective(network.run, given)
    losses.total.backward()
    seconds = time.perf_counter() - start
    network.model.zero_grad(set_to_none=True)
    network.objective.zero_grad(set_to_none=True)
    return seconds
