"""Small trainings for tests: seconds on one core."""

from __future__ import annotations

from agreid_cli.config.load import with_overrides
from agreid_cli.config.recipes import recipe
from agreid_cli.config.train import TrainConfig

SMALL = (
    "model.size=32x32", "data.p=4", "data.k=2", "schedule.epochs=2", "schedule.warmup_iters=0",
    "schedule.cosine_from=0", "validation.every=1", "augment.pad=2",
)  # fmt: skip


def small(*sets: str) -> TrainConfig:
    """The campus recipe on thumbnails, for two epochs."""
    return with_overrides(recipe("campus"), [*SMALL, *sets])
