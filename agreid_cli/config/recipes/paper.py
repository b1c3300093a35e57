"""The flavour `paper`: Adam 1e-4, for ViT SGD 1e-3, mixed precision (§V-B).

What the paper leaves unsaid (losses, epochs, batch, size, augmentation) is fast-reid's for the same head, and
the learning rate is the paper's at its batch. A ViT averages its patch tokens ("2D adaptive average
pooling"), so that the explainable stream can weigh them; a class token could not be taken apart.
"""

from __future__ import annotations

from agreid_cli.config.recipes.parts import (
    BOT,
    LATE_COSINE,
    MGN,
    OSNET,
    RESNET50,
    SBS,
    STEPS,
    VIT,
    Tree,
    tree,
)
from agreid_cli.config.train import TrainConfig

ADAM: Tree = {"optim": {"name": "adam", "lr": 1e-4, "base_batch": 64}}
#: Beside the rate, the schedule and regularisation are those of fast-reid's bagtricks_vit.
VIT_SGD: Tree = {
    "optim": {
        "name": "sgd", "lr": 1e-3, "base_batch": 64, "momentum": 0.9, "weight_decay": 1e-4,
        "norm_weight_decay": 5e-4, "bias_weight_decay": 5e-4, "clip": 5.0,
    },
    "schedule": {
        "name": "cosine", "epochs": 120, "cosine_from": 0, "final_lr": 1.6e-5,
        "warmup_iters": 1000, "warmup_factor": 0.01,
    },
}  # fmt: skip
VIT_AVERAGE: Tree = {"model": {"pool": "avg", "size": (256, 128)}}


def bot_resnet50() -> TrainConfig:
    """BoT on ResNet-50."""
    return tree(BOT, RESNET50, ADAM, {"schedule": STEPS})


def bot_vit() -> TrainConfig:
    """BoT on ViT-B/16, the paper's best model."""
    loss: Tree = {"loss": {"label_smoothing": 0.0, "triplet": {"kind": "soft"}}}
    return tree(BOT, VIT, VIT_AVERAGE, loss, VIT_SGD)


def bot_osnet() -> TrainConfig:
    """BoT on OSNet."""
    return tree(BOT, OSNET, ADAM, {"schedule": STEPS})


def sbs_resnet50() -> TrainConfig:
    """SBS on ResNet-50 with non-local blocks."""
    return tree(SBS, RESNET50, ADAM, {"model": {"non_local": True}, "schedule": LATE_COSINE})


def sbs_vit() -> TrainConfig:
    """SBS on ViT-B/16."""
    return tree(SBS, VIT, VIT_AVERAGE, VIT_SGD)


def sbs_osnet() -> TrainConfig:
    """SBS on OSNet."""
    return tree(SBS, OSNET, ADAM, {"schedule": LATE_COSINE})


def mgn_resnet50() -> TrainConfig:
    """MGN on ResNet-50."""
    return tree(MGN, RESNET50, ADAM, {"schedule": LATE_COSINE})


def mgn_vit() -> TrainConfig:
    """MGN on ViT-B/16."""
    return tree(MGN, VIT, VIT_AVERAGE, VIT_SGD)


def mgn_osnet() -> TrainConfig:
    """MGN on OSNet."""
    return tree(MGN, OSNET, ADAM, {"schedule": LATE_COSINE})
