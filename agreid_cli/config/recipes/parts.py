"""The building blocks of recipes: three heads, three backbones, and a function that merges them."""

from __future__ import annotations

from typing import Any

from agreid_cli.config.load import build
from agreid_cli.config.train import TrainConfig

Tree = dict[str, Any]

RESNET50: Tree = {"model": {"backbone": "resnet50", "last_stride": 1}}
VIT: Tree = {"model": {"backbone": "vit-b16", "size": (256, 128), "drop_path": 0.1}}
OSNET: Tree = {"model": {"backbone": "osnet-x1.0"}}

BOT: Tree = {
    "model": {"head": "bot", "size": (256, 128), "pool": "avg", "metric_feature": "before"},
    "data": {"p": 16, "k": 4},
    "loss": {
        "classifier": "linear",
        "label_smoothing": 0.1,
        "triplet": {"kind": "margin", "margin": 0.3},
    },
}
SBS: Tree = {
    "model": {"head": "sbs", "size": (384, 128), "pool": "gem", "metric_feature": "after"},
    "data": {"p": 4, "k": 16},
    "augment": {"autoaugment": 0.1},
    "loss": {
        "classifier": "circle",
        "scale": 64.0,
        "margin": 0.35,
        "label_smoothing": 0.1,
        "triplet": {"kind": "soft"},
    },
}
#: The head averages the loss over its outputs: fast-reid's weight of 0.125 for each of 8, and 0.2 for each of
#: 5.
MGN: Tree = {
    **SBS,
    "model": {"head": "mgn", "size": (384, 128), "pool": "gem", "metric_feature": "after"},
    "data": {"p": 16, "k": 4},
}

#: Multistep: ×0.1 after epochs 40 and 90.
STEPS: Tree = {
    "name": "multistep", "epochs": 120, "milestones": (40, 90), "gamma": 0.1,
    "warmup_iters": 2000, "warmup_factor": 0.1,
}  # fmt: skip
#: The full rate for 30 epochs, then a cosine over 30; the backbone is frozen for the first 1,000 iterations.
LATE_COSINE: Tree = {
    "name": "cosine", "epochs": 60, "cosine_from": 30, "final_lr": 7e-7,
    "warmup_iters": 2000, "warmup_factor": 0.1, "freeze_iters": 1000,
}  # fmt: skip


def tree(*parts: Tree) -> TrainConfig:
    """A complete configuration: the defaults, overridden by each part in turn."""
    merged: Tree = {}
    for part in parts:
        merged = over(merged, part)
    return build(TrainConfig, merged, "the recipe")


def over(base: Tree, change: Tree) -> Tree:
    """`base` with the leaves of `change`; tables are merged, other values replaced."""
    merged = dict(base)
    for key, value in change.items():
        old = merged.get(key)
        merged[key] = over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
