"""Small trainings for tests: seconds on one core."""

from __future__ import annotations

from agreid_cli.config.load import with_overrides
from agreid_cli.config.recipes import recipe
from agreid_cli.config.train import TrainConfig

SMALL = (
    "model.backbone=osnet-x0.25", "model.weights=none", "model.size=32x32", "data.p=4", "data.k=2",
    "optim.lr=2e-3", "schedule.epochs=2",
    "schedule.warmup_iters=0", "schedule.cosine_from=0", "validation.every=1", "augment.pad=2",
)  # fmt: skip


def small(*sets: str) -> TrainConfig:
    """The campus recipe on thumbnails with a randomly initialised OSNet, for two epochs."""
    return with_overrides(recipe("campus"), [*SMALL, *sets])
