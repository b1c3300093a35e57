"""The loop on real networks: it learns, accumulates gradients, detects failures, and stops on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from agreid_cli.config.load import with_overrides
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import AgreidError, Terminated
from agreid_cli.progress import SILENT
from agreid_cli.records.side import Side
from agreid_cli.training.batch import Batch
from agreid_cli.training.facts import Facts
from agreid_cli.training.loop import fit
from agreid_cli.training.methods.reid import make_trainee
from agreid_cli.training.objective import Losses
from agreid_cli.training.state import Training
from agreid_cli.training.stopping import Stop
from agreid_cli.training.trainee import Trainee
from tests.training.trained import small

CPU = torch.device("cpu")


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Kept:
    """A keeper that remembers instead of writing."""

    def __init__(self, figures: tuple[float, ...] = ()) -> None:
        self.figures = list(figures)
        self.losses: list[dict[str, float]] = []
        self.saved: list[int] = []
        self.best: list[int] = []

    def save(self, training: Training) -> None:
        self.saved.append(training.position.step)

    def log_epoch(self, training: Training, *, lr: float) -> None:
        self.losses.append(training.position.means())

    def validate(self, training: Training) -> float | None:
        return self.figures.pop(0) if self.figures else None

    def keep_best(self, training: Training) -> None:
        self.best.append(training.position.epoch)


class Same:
    """A feed of the same batches in every epoch."""

    waited_s = 0.0

    def __init__(self, *batches: Batch) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def epoch(self, number: int, *, start: int = 0) -> Iterator[Batch]:
        yield from self.batches[start:]


def batch(label: list[int], images: torch.Tensor) -> Batch:
    rows = torch.tensor(label)
    return Batch(images, rows, rows, Side(), None, rows)


def train(
    config: TrainConfig, feed: Same, trainee: Trainee, keeper: Kept, stop: Stop | None = None
) -> Training:
    training = Training(trainee, config, device=CPU)
    fit(training, feed, keeper, stop=stop or Stop(), progress=SILENT)
    return training


def test_two_batches_are_learned_by_heart() -> None:
    torch.manual_seed(0)
    config = small(
        "schedule.epochs=25", "schedule.name=constant", "loss.label_smoothing=0", "optim.lr=3e-3",
        "optim.base_batch=8", "validation.every=0",
    )  # fmt: skip
    feed = Same(
        batch([0, 0, 1, 1, 2, 2, 3, 3], torch.randn(8, 3, 32, 32)),
        batch([0, 0, 1, 1, 2, 2, 3, 3], torch.randn(8, 3, 32, 32)),
    )
    keeper = Kept()
    train(config, feed, make_trainee(config, Facts(n_ids=4)), keeper)
    totals = [losses["total"] for losses in keeper.losses]
    assert totals[-1] < 0.1 * totals[0]


class Asked(nn.Module):
    """An objective of one function."""

    def __init__(self, ask: Callable[[nn.Module, Batch], Losses]) -> None:
        super().__init__()
        self.ask = ask

    def forward(self, model: nn.Module, batch: Batch) -> Losses:
        return self.ask(model, batch)


class Line(nn.Module):
    """One weight a pixel, and an objective that is linear in it."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3)) @ self.weight


def linear(model: nn.Module, batch: Batch) -> Losses:
    total = model(batch.images).pow(2).mean()
    return Losses(total, {"total": total.detach()})


def line(objective=linear) -> Trainee:  # type: ignore[no-untyped-def]
    return Trainee(Line(), Asked(objective), Facts(n_ids=1))


PLAIN = (
    "optim.name=sgd", "optim.momentum=0", "optim.lr=0.1", "optim.lr_rule=none", "optim.weight_decay=0",
    "schedule.name=constant", "schedule.epochs=1", "model.compile=false",
)  # fmt: skip


def test_accumulating_averages_gradients_also_over_a_last_short_step() -> None:
    torch.manual_seed(0)
    parts = [torch.randn(4, 3, 2, 2) for _ in range(3)]
    label = [0, 0, 1, 1]
    apart = train(
        small(*PLAIN, "accumulate=2"), Same(*(batch(label, part) for part in parts)), line(), keeper := Kept()
    )
    assert (apart.position.step, keeper.saved[-1]) == (2, 2)
    joined = train(
        small(*PLAIN), Same(batch(label * 2, torch.cat(parts[:2])), batch(label, parts[2])), line(), Kept()
    )
    torch.testing.assert_close(apart.network.model.weight, joined.network.model.weight)


def test_clipping_bounds_the_step() -> None:
    feed = Same(batch([0, 0], 100 * torch.ones(2, 3, 2, 2)))
    training = train(small(*PLAIN, "optim.clip=0.5"), feed, line(), Kept())
    moved = (training.network.model.weight - 1).norm().item()
    assert moved == pytest.approx(0.1 * 0.5, rel=1e-4)


def test_the_best_is_kept_and_the_last_validated_and_saved() -> None:
    feed = Same(batch([0, 0], torch.ones(2, 3, 2, 2)))
    config = with_overrides(small(*PLAIN), ["schedule.epochs=5", "validation.every=2"])
    keeper = Kept((0.3, 0.7, 0.7))  # after epochs 2, 4 and 5
    training = train(config, feed, line(), keeper)
    assert keeper.best == [2, 4], "an equal figure later is no better"
    assert (training.position.best, training.position.best_epoch) == (0.7, 4)
    assert keeper.saved == [2, 4, 5]


def test_no_epochs_save_the_untrained_network() -> None:
    keeper = Kept()
    training = train(small(*PLAIN, "schedule.epochs=0"), Same(), line(), keeper)
    assert (keeper.saved, training.position.step) == ([0], 0)


def test_a_signal_stops_after_the_step_in_hand() -> None:
    stop = Stop()

    def stops(model: nn.Module, batch: Batch) -> Losses:
        stop.wanted = 15
        return linear(model, batch)

    keeper = Kept()
    feed = Same(*(batch([0, 0], torch.ones(2, 3, 2, 2)) for _ in range(3)))
    with pytest.raises(Terminated):
        train(small(*PLAIN), feed, line(stops), keeper, stop)
    assert keeper.saved == [1]


def test_a_loss_that_is_nan_stops_at_once_and_says_which_part() -> None:
    def nan(model: nn.Module, batch: Batch) -> Losses:
        losses = linear(model, batch)
        return Losses(losses.total * torch.nan, {"total": losses.total, "triplet": losses.total * torch.nan})

    keeper = Kept()
    with pytest.raises(AgreidError, match="not finite at step 1") as caught:
        train(small(*PLAIN), Same(batch([0, 0], torch.ones(2, 3, 2, 2))), line(nan), keeper)
    assert caught.value.problems[0].where == "triplet"
    assert keeper.saved == []


def test_a_network_that_does_not_move_stops_after_one_step() -> None:
    def still(model: nn.Module, batch: Batch) -> Losses:
        total = (model.weight * 0).sum()  # type: ignore[operator]
        return Losses(total, {"total": total.detach()})

    with pytest.raises(AgreidError, match="moved no weight"):
        train(small(*PLAIN), Same(batch([0, 0], torch.ones(2, 3, 2, 2))), line(still), Kept())


def test_a_frozen_backbone_moves_only_after_its_time() -> None:
    torch.manual_seed(0)
    config = small("schedule.epochs=1", "schedule.freeze_iters=1")
    trainee = make_trainee(config, Facts(n_ids=4))
    stem = next(trainee.model.backbone.stem.parameters())
    seen = []

    def watched(model: nn.Module, batch: Batch) -> Losses:
        seen.append(stem.detach().clone())
        return trainee.objective(model, batch)

    one = batch([0, 0, 1, 1, 2, 2, 3, 3], torch.randn(8, 3, 32, 32))
    train(config, Same(one, one), replace(trainee, objective=Asked(watched)), Kept())
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(stem, seen[1])
    assert np.isfinite(stem.detach().numpy()).all()
