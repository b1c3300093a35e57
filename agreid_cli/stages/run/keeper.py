"""Files of a run during training: checkpoints, metrics.jsonl, TensorBoard, validation results."""

from __future__ import annotations

import importlib.util
from typing import Any

from agreid_cli.config.load import to_toml
from agreid_cli.nn.encoder import Encoder
from agreid_cli.progress import Progress
from agreid_cli.records.runs import Run
from agreid_cli.records.training_log import add_line, log_size
from agreid_cli.stages.run.backends import encoder_for_once
from agreid_cli.training.checkpoint import save_state, save_weights
from agreid_cli.training.embed import SidedCrops, embed
from agreid_cli.training.facts import Facts, as_metadata
from agreid_cli.training.state import Training
from agreid_cli.training.validate import Testing, mean_figure, validate

STARVED = 0.05  # fraction of an epoch spent waiting for batches above which a warning is printed


class RunKeeper:
    """Writes files on the first rank; every rank takes part in collective operations."""

    def __init__(
        self, run: Run, facts: Facts, testing: tuple[Testing, SidedCrops] | None, progress: Progress
    ) -> None:
        self.run, self.facts, self.testing, self.progress = run, facts, testing, progress
        self.evaluated: list[dict[str, Any]] = []  # of the last validation
        self.board = _board(run, progress)
        self.said_starved = False

    def save(self, training: Training) -> None:
        """Weights and state, each atomically; the state contains everything for resuming, including the
        weights."""
        state = training.state_dict()
        if not training.world.first:
            return
        state["position"]["log_size"] = log_size(self.run.log)
        save_weights(self.run.last, training.weights(), self._metadata(training))
        save_state(self.run.state, state)

    def log_epoch(self, training: Training, *, lr: float) -> None:
        position, losses = training.position, training.position.means()
        if not training.world.first:
            return
        epoch, share = position.epoch + 1, position.wait_share
        add_line(self.run.log, "epoch", epoch=epoch, step=position.step, lr=lr, losses=losses)
        add_line(
            self.run.timing, "timing", epoch=epoch, images_per_s=round(position.images_per_s, 2),
            wait_share=round(share, 4), seconds=round(position.seconds, 3),
        )  # fmt: skip
        figures = {f"loss/{name}": value for name, value in losses.items()}
        self._draw(epoch, {**figures, "lr": lr, "images_per_s": position.images_per_s, "wait_share": share})
        if share > STARVED and not self.said_starved and epoch > 1:
            self.said_starved = True
            self.progress.warn(
                f"{share:.0%} of epoch {epoch} was spent waiting for batches; see data.prefetch"
            )

    def validate(self, training: Training) -> float | None:
        if self.testing is None:
            return None
        testing, crops = self.testing
        wish, model = training.config.validation, training.network.model
        own = {name: value.detach().clone() for name, value in model.state_dict().items()}
        modes = [(module, module.training) for module in model.modules()]
        try:
            model.load_state_dict(training.weights())
            model.eval()
            encoder = Encoder(
                model, size=training.config.model.size, device=training.device,
                autocast=training.precision.autocast,
            )  # fmt: skip
            if training.precision.name == "fp32" and not training.world.many:
                encoder = encoder_for_once(
                    encoder, crops=len(crops), backend=wish.backend, progress=self.progress
                )
            features = embed(encoder, crops, batch=wish.batch, flip=wish.flip, world=training.world)
        finally:
            model.load_state_dict(own)
            for module, mode in modes:
                module.training = mode
        # Ranked by every rank: all must agree on the best, and ranking is fast.
        found = validate(testing, features, directions=wish.directions, metric=wish.metric)
        self.evaluated = found
        epoch = training.position.epoch
        if training.world.first:
            for row in found:
                add_line(self.run.log, "eval", epoch=epoch, on=testing.who, backend=encoder.backend, **row)
                name = row["direction"]
                self._draw(epoch, {f"{name}/{key}": row[key] for key in ("mAP", "rank1", "mINP")})
            said = (f"{r['direction']} mAP {r['mAP']:.1%}, Rank-1 {r['rank1']:.1%}" for r in found)
            who = "" if testing.who == "test" else f" on {testing.who} people"
            self.progress.note(f"epoch {epoch}{who}: {'; '.join(said) or 'nothing to rank'}")
        return mean_figure(found, wish.best)

    def keep_best(self, training: Training) -> None:
        if not training.world.first or self.testing is None:
            return
        if self.testing[0].who == "held-out":
            save_weights(self.run.best, training.weights(), self._metadata(training))
        elif training.config.validation.keep == "best-on-test":
            save_weights(self.run.best_on_test, training.weights(), self._metadata(training))

    def close(self) -> None:
        if self.board:
            self.board.close()

    def _metadata(self, training: Training) -> dict[str, str]:
        position = training.position
        return {
            **as_metadata(self.facts), "config": to_toml(training.config), "epoch": str(position.epoch),
            "step": str(position.step),
        }  # fmt: skip

    def _draw(self, epoch: int, figures: dict[str, float]) -> None:
        if self.board:
            for name, value in figures.items():
                self.board.add_scalar(name, value, epoch)


def _board(run: Run, progress: Progress) -> Any:
    """A TensorBoard writer, if the extra is installed."""
    if importlib.util.find_spec("tensorboard") is None:
        progress.note(
            "no TensorBoard log: install it with pip install 'agreid[tensorboard]'; metrics.jsonl is complete"
        )
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(run.board))
