"""The field's current methods with their authors' settings; sources in assets/guide/methods.md.

The schedules are written for AG-ReID: 90 iterations an epoch at a batch of 128. Each also has a small form
for the synthetic campus and a CPU, whose transformer is randomly initialised.
"""

from __future__ import annotations

from agreid_cli.config.recipes.parts import BOT, VIT, Tree, tree
from agreid_cli.config.train import TrainConfig

#: One class token a vector, soft-margin triplets, no smoothing; `head` and `pool` are the method's own.
TOKEN: Tree = {
    "model": {"head": "bot", "pool": "token", "size": (256, 128)},
    "loss": {"label_smoothing": 0.0, "triplet": {"kind": "soft"}},
    "data": {"sampler": "pk-images"},
}
#: TransReID's: SGD, biases at twice the rate, five warm-up epochs, cosine by epoch.
TRANSREID: Tree = {
    "optim": {
        "name": "sgd", "lr": 0.008, "base_batch": 64, "momentum": 0.9, "weight_decay": 1e-4,
        "norm_weight_decay": 1e-4, "bias_weight_decay": 1e-4, "bias_lr_factor": 2.0,
    },
    "schedule": {
        "name": "cosine", "epochs": 120, "final_lr": 1.6e-5, "warmup_iters": 0, "warmup_epochs": 5,
        "warmup_factor": 0.01,
    },
    "augment": {"erase_fill": "noise"},
}  # fmt: skip
#: VDT's and SeCap's: fast-reid's decay of norms and biases, 2,000 warm-up iterations, then the cosine.
VDT: Tree = {
    "data": {"p": 32, "k": 4},
    "optim": {
        "name": "sgd", "lr": 0.008, "base_batch": 128, "lr_rule": "none", "momentum": 0.9,
        "weight_decay": 1e-4,
        "norm_weight_decay": 5e-4, "bias_weight_decay": 5e-4, "clip": 5.0, "clip_each": True,
    },
    "schedule": {
        "name": "cosine", "epochs": 120, "cosine_from": 23, "final_lr": 1.6e-6, "warmup_iters": 2000,
        "warmup_factor": 0.01,
    },
}  # fmt: skip
CLIP: Tree = {
    "model": {
        "backbone": "timm:vit_base_patch16_clip_quickgelu_224.openai", "weights": "openai", "drop_path": 0.0,
    },
}  # fmt: skip
#: A transformer of 5.5 M parameters on crops of 128×64, from random initialisation.
SMALL: Tree = {
    "model": {
        "backbone": "timm:vit_tiny_patch16_224", "weights": "none", "size": (128, 64), "drop_path": 0.0,
        "channels_last": False, "compile": False,
    },
    "data": {"p": 8, "k": 4, "sampler": "pk-views"},
    "augment": {"pad": 5, "erase": 0.3},
    "optim": {
        "name": "adamw", "lr": 5e-4, "base_batch": 32, "weight_decay": 0.05, "norm_weight_decay": 0.0,
        "bias_weight_decay": 0.0, "clip": 5.0,
    },
    "schedule": {
        "name": "cosine", "epochs": 30, "cosine_from": 5, "final_lr": 1e-6, "warmup_iters": 100,
        "warmup_factor": 0.1,
    },
    "precision": "fp32",
    "validation": {"every": 5},
}  # fmt: skip


def _method(name: str, **options: object) -> Tree:
    return {"method": {"name": name, "options": options}}


def transreid() -> TrainConfig:
    """TransReID by camera: SIE, JPM and patches of stride 12."""
    return tree(BOT, VIT, TOKEN, TRANSREID, _method("transreid", stride=12, sie="camera"))


def transreid_view() -> TrainConfig:
    """TransReID by view, which test cameras that were never trained on have too."""
    return tree(BOT, VIT, TOKEN, TRANSREID, _method("transreid", stride=12, sie="view"))


def vdt() -> TrainConfig:
    """VDT: a view token subtracted from the class token after each block."""
    return tree(BOT, VIT, TOKEN, VDT, _method("vdt", view_weight=0.001))


def secap() -> TrainConfig:
    """SeCap as published for AG-ReID: 128 prompts, stride 12, view weight 10."""
    return tree(BOT, VIT, TOKEN, VDT, _method("secap", stride=12, prompts=128, view_weight=10.0))


def clip_reid() -> TrainConfig:
    """CLIP-ReID: descriptions learned in stage 1, the image encoder in stage 2."""
    schedule: Tree = {
        "loss": {"label_smoothing": 0.1, "triplet": {"kind": "margin", "margin": 0.3}},
        "optim": {
            "name": "adam", "lr": 5e-6, "base_batch": 64, "weight_decay": 1e-4, "norm_weight_decay": 1e-4,
            "bias_weight_decay": 1e-4, "bias_lr_factor": 2.0,
        },
        "schedule": {
            "name": "multistep", "epochs": 60, "milestones": (30, 50), "gamma": 0.1, "warmup_iters": 0,
            "warmup_epochs": 10, "warmup_factor": 0.1,
        },
        "augment": {"erase_fill": "noise"},
    }  # fmt: skip
    return tree(BOT, VIT, CLIP, TOKEN, schedule, _method("clip-reid"))


def latex() -> TrainConfig:
    """LATex: attributes as words over a frozen CLIP."""
    schedule: Tree = {
        "data": {"p": 16, "k": 8},
        "loss": {"label_smoothing": 0.1},
        "optim": {
            "name": "adam", "lr": 3.5e-4, "base_batch": 128, "weight_decay": 1e-4, "norm_weight_decay": 1e-4,
            "bias_weight_decay": 1e-4,
        },
        "schedule": {
            "name": "cosine", "epochs": 120, "final_lr": 7e-7, "warmup_iters": 2000, "warmup_factor": 0.01,
        },
    }  # fmt: skip
    return tree(BOT, VIT, CLIP, TOKEN, schedule, _method("latex"))


def campus_vit() -> TrainConfig:
    """BoT on a small randomly initialised transformer: what the small forms below are compared with."""
    return tree(BOT, TOKEN, SMALL)


def campus_transreid() -> TrainConfig:
    """TransReID by view, small and randomly initialised."""
    return tree(BOT, TOKEN, SMALL, _method("transreid", sie="view"))


def campus_vdt() -> TrainConfig:
    """VDT, small and randomly initialised."""
    return tree(BOT, TOKEN, SMALL, _method("vdt", view_weight=0.1))


def campus_secap() -> TrainConfig:
    """SeCap, small and randomly initialised."""
    return tree(BOT, TOKEN, SMALL, _method("secap", stride=0, prompts=16, view_weight=0.1))
