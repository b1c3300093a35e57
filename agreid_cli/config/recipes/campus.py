"""The recipe of the synthetic campus: a small network, randomly initialised; minutes on two CPU cores."""

from __future__ import annotations

from agreid_cli.config.recipes.parts import BOT, Tree, tree
from agreid_cli.config.train import TrainConfig

SMALL: Tree = {
    "model": {
        "backbone": "osnet-x0.25", "weights": "none", "size": (128, 64), "compile": False,
    },
    "data": {"p": 8, "k": 4, "sampler": "pk-views"},
    "augment": {"pad": 5, "erase": 0.3},
    "loss": {"triplet": {"kind": "soft"}},
    "optim": {"name": "adam", "lr": 2e-3, "base_batch": 32},
    "schedule": {
        "name": "cosine", "epochs": 30, "cosine_from": 5, "final_lr": 1e-6, "warmup_iters": 50,
        "warmup_factor": 0.1,
    },
    "precision": "fp32",
    "validation": {"every": 5},
}  # fmt: skip


def campus() -> TrainConfig:
    """BoT on OSNet x0.25 at 128×64, randomly initialised."""
    return tree(BOT, SMALL)
