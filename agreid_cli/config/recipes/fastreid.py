"""The recipes `…-fastreid`: settings with published Market-1501 results for each head.

All make batches by image. ResNet-50: fast-reid's Base-bagtricks, Base-SBS and Base-MGN (with IBN, as
published). ViT: the AG-ReID recipe of VDT and SeCap, SGD 8e-3 at batch 128. OSNet: BoT uses torchreid's own
recipe; torchreid has no SBS or MGN, so these use the OSNet recipe of AMD's fork of fast-reid. The optimiser
depends on the backbone, the losses on the head.
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

#: fast-reid's default sampler: every image once a pass.
BY_IMAGE: Tree = {"data": {"sampler": "pk-images"}}
ADAM: Tree = {
    "optim": {
        "name": "adam", "lr": 3.5e-4, "base_batch": 64, "weight_decay": 5e-4, "norm_weight_decay": 5e-4,
        "bias_weight_decay": 5e-4,
    },
}  # fmt: skip
#: bagtricks_vit changes only WEIGHT_DECAY, so norm and bias parameters keep fast-reid's default of 5e-4.
VIT_SGD: Tree = {
    "data": {"p": 32, "k": 4},
    "optim": {
        "name": "sgd", "lr": 8e-3, "base_batch": 128, "momentum": 0.9, "weight_decay": 1e-4,
        "norm_weight_decay": 5e-4, "bias_weight_decay": 5e-4, "clip": 5.0,
    },
    "schedule": {
        "name": "cosine", "epochs": 120, "cosine_from": 0, "final_lr": 1.6e-6,
        "warmup_iters": 2000, "warmup_factor": 0.01,
    },
}  # fmt: skip
VIT_BOT_LOSS: Tree = {"loss": {"label_smoothing": 0.0, "triplet": {"kind": "soft"}}}
VIT_SIZE: Tree = {"model": {"size": (256, 128)}}
TOKEN: Tree = {"model": {"pool": "token"}}


def bot_resnet50() -> TrainConfig:
    """BoT on ResNet-50 as in fast-reid: 94.4 Rank-1, 86.1 mAP on Market-1501."""
    return tree(BOT, BY_IMAGE, RESNET50, ADAM, {"schedule": STEPS})


def sbs_resnet50() -> TrainConfig:
    """SBS on ResNet-50 with non-local blocks as in fast-reid: 95.4 Rank-1, 88.2 mAP on Market-1501."""
    return tree(SBS, BY_IMAGE, RESNET50, ADAM, {"model": {"non_local": True}, "schedule": LATE_COSINE})


def mgn_resnet50() -> TrainConfig:
    """MGN on ResNet-50-ibn as in fast-reid: 95.8 Rank-1, 89.8 mAP on Market-1501."""
    return tree(MGN, BY_IMAGE, RESNET50, ADAM, {"model": {"ibn": True}, "schedule": LATE_COSINE})


def bot_vit() -> TrainConfig:
    """BoT on ViT-B/16 as VDT and SeCap train it on AG-ReID."""
    return tree(BOT, BY_IMAGE, VIT, TOKEN, VIT_BOT_LOSS, VIT_SGD)


def sbs_vit() -> TrainConfig:
    """SBS on ViT-B/16: the losses of the head, the optimiser of the backbone. Not a published recipe."""
    return tree(SBS, BY_IMAGE, VIT, VIT_SIZE, TOKEN, VIT_SGD)


def mgn_vit() -> TrainConfig:
    """MGN on ViT-B/16: its parts are averages of patch tokens, so it cannot pool the class token."""
    return tree(MGN, BY_IMAGE, VIT, VIT_SIZE, {"model": {"pool": "avg"}}, VIT_SGD)


def bot_osnet() -> TrainConfig:
    """OSNet as in torchreid: label smoothing, flip only; 94.2 Rank-1, 82.6 mAP on Market-1501."""
    return tree(
        BOT,
        BY_IMAGE,
        OSNET,
        {
            "augment": {"pad": 0, "erase": 0.0},
            "loss": {"triplet": {"kind": "none", "weight": 0.0}},
            "optim": {"name": "amsgrad", "lr": 1.5e-3, "base_batch": 64, "weight_decay": 5e-4},
            "schedule": {
                "name": "cosine", "epochs": 250, "cosine_from": 0, "final_lr": 0.0, "warmup_iters": 0,
                "freeze_epochs": 10,
            },
            "validation": {"metric": "euclidean"},
        },
    )  # fmt: skip


def sbs_osnet() -> TrainConfig:
    """SBS on OSNet as in AMD's fork of fast-reid."""
    return tree(SBS, BY_IMAGE, OSNET, ADAM, {"schedule": LATE_COSINE})


def mgn_osnet() -> TrainConfig:
    """MGN on OSNet with the schedule of SBS. Not a published recipe."""
    return tree(MGN, BY_IMAGE, OSNET, ADAM, {"schedule": LATE_COSINE})
