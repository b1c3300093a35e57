"""The explainable stream on top of a run: `--recipe explain-bot-vit --set explain.teacher=runs/bot-vit`.

The network is always that of the explained run, whatever the recipe says. The other values are those of the
authors: batches of 6 identities × 4 by image, Adam 1e-4, ten epochs of warm-up and then a constant rate, no
mixed precision.
"""

from __future__ import annotations

from agreid_cli.config.explain import ExplainConfig
from agreid_cli.config.recipes import paper
from agreid_cli.config.recipes.campus import campus
from agreid_cli.config.recipes.parts import Tree, over
from agreid_cli.config.train import TrainConfig

STREAM: Tree = {
    "method": {"name": "explain"},
    "data": {"p": 6, "k": 4, "sampler": "pk-images"},
    "optim": {
        "name": "adam", "lr": 1e-4, "base_batch": 24, "weight_decay": 5e-4, "norm_weight_decay": 5e-4,
        "bias_weight_decay": 5e-4, "bias_lr_factor": 1.0, "clip": 0.0,
    },
    "schedule": {
        "name": "constant", "epochs": 60, "warmup_iters": 4810, "warmup_factor": 0.01, "freeze_iters": 0,
        "freeze_epochs": 0,
    },
    "precision": "fp32",
    "ema": 0.0,
    "accumulate": 1,
    "explain": ExplainConfig().model_dump(),
}  # fmt: skip
#: The stream starts from the trained run. The distance losses alone teach so small a network almost nothing
#: in minutes, so the maps also learn from attribute recognition. An eighth of its channels is too few for 88
#: maps, and weight decay would outweigh the gradients of these losses. Few training people are learnt by
#: heart, and their shares say wrong things of strangers: expected shares fall back to the same for every pair
#: where nothing is recognised. Height and body volume are lost when a crop is resized, and partly in its box.
SMALL_STREAM: Tree = {
    "data": {"p": 8, "k": 4, "sampler": "pk"},
    "optim": {
        "lr": 1e-3, "base_batch": 32, "weight_decay": 0.0, "norm_weight_decay": 0.0, "bias_weight_decay": 0.0,
    },
    "schedule": {"name": "cosine", "epochs": 20, "cosine_from": 8, "final_lr": 1e-5, "warmup_iters": 30},
    "explain": {
        "start": "teacher", "recognise_from": "maps", "box": True, "reduction": 1, "shares": "expected",
    },
}  # fmt: skip


def bot_resnet50() -> TrainConfig:
    """Explains BoT on ResNet-50."""
    return _over(paper.bot_resnet50())


def bot_vit() -> TrainConfig:
    """Explains BoT on ViT-B/16: the paper's best model."""
    return _over(paper.bot_vit())


def bot_osnet() -> TrainConfig:
    """Explains BoT on OSNet."""
    return _over(paper.bot_osnet())


def sbs_resnet50() -> TrainConfig:
    """Explains SBS on ResNet-50."""
    return _over(paper.sbs_resnet50())


def sbs_vit() -> TrainConfig:
    """Explains SBS on ViT-B/16."""
    return _over(paper.sbs_vit())


def sbs_osnet() -> TrainConfig:
    """Explains SBS on OSNet."""
    return _over(paper.sbs_osnet())


def explain_campus() -> TrainConfig:
    """Explains the run on the synthetic campus: minutes on two CPU cores."""
    return _over(campus(), SMALL_STREAM)


def _over(base: TrainConfig, *changes: Tree) -> TrainConfig:
    tree = base.model_dump()
    for change in (STREAM, *changes):
        tree = over(tree, change)
    return TrainConfig.model_validate(tree)
