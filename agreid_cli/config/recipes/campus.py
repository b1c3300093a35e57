"""The recipe of the synthetic campus: a small network that starts from the shipped one; minutes on a CPU."""

from __future__ import annotations

from agreid_cli.config.recipes.parts import BOT, Tree, tree
from agreid_cli.config.train import TrainConfig

SMALL: Tree = {
    "model": {
        "backbone": "mobilenetv2", "weights": "shipped", "size": (128, 64), "compile": False,
    },
    "data": {"p": 8, "k": 4, "sampler": "pk-views"},
    "augment": {"pad": 5, "erase": 0.3},
    "loss": {"triplet": {"kind": "soft"}},
    "optim": {"name": "adam", "lr": 7e-4, "base_batch": 32},
    "schedule": {
        "name": "cosine", "epochs": 12, "cosine_from": 2, "final_lr": 1e-6, "warmup_iters": 50,
        "warmup_factor": 0.1,
    },
    "precision": "fp32",
    "validation": {"every": 5},
}  # fmt: skip


def campus() -> TrainConfig:
    """BoT on MobileNetV2 at 128×64, from the network that ships with agreid."""
    return tree(BOT, SMALL)
