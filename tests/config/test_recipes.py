"""The values of the recipes: fast-reid's table, the paper's section V-B, and additions from their sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agreid_cli.config.load import from_toml, to_toml
from agreid_cli.config.recipes import DEFAULT, RECIPES, load_train, recipe
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError

PAIRS = [f"{head}-{backbone}" for head in ("bot", "sbs", "mgn") for backbone in ("resnet50", "vit", "osnet")]

ADAM: dict[str, Any] = {
    "optim.name": "adam", "optim.lr": 3.5e-4, "optim.weight_decay": 5e-4, "optim.norm_weight_decay": 5e-4,
    "optim.bias_weight_decay": 5e-4, "optim.bias_lr_factor": 1, "optim.clip": 0,
    "schedule.warmup_iters": 2000, "schedule.warmup_factor": 0.1, "augment.flip": 0.5,
    "augment.pad": 10, "augment.erase": 0.5,
    "ema": 0, "validation.flip": False, "validation.metric": "cosine", "data.interpolation": "bicubic",
    "model.embedding": "after", "model.last_stride": 1, "precision": "mixed",
}  # fmt: skip
CIRCLE: dict[str, Any] = {
    "model.size": (384, 128), "model.pool": "gem", "model.gem_p": 3, "model.metric_feature": "after",
    "loss.classifier": "circle", "loss.scale": 64, "loss.margin": 0.35, "loss.label_smoothing": 0.1,
    "loss.triplet.kind": "soft", "schedule.name": "cosine", "schedule.epochs": 60,
    "schedule.cosine_from": 30, "schedule.final_lr": 7e-7, "schedule.freeze_iters": 1000,
    "augment.autoaugment": 0.1,
}  # fmt: skip
#: Section 2 of the method's table, column by column.
TABLE: dict[str, dict[str, Any]] = {
    "bot-resnet50-fastreid": ADAM | {
        "model.size": (256, 128), "model.pool": "avg", "model.ibn": False, "model.non_local": False,
        "model.metric_feature": "before", "loss.classifier": "linear", "loss.label_smoothing": 0.1,
        "loss.triplet.kind": "margin", "loss.triplet.margin": 0.3, "loss.triplet.normalise": False,
        "data.p": 16, "data.k": 4, "schedule.name": "multistep", "schedule.epochs": 120,
        "schedule.milestones": (40, 90), "schedule.gamma": 0.1, "schedule.freeze_iters": 0,
        "augment.autoaugment": 0,
    },
    "sbs-resnet50-fastreid": ADAM | CIRCLE | {
        "model.non_local": True, "model.ibn": False, "data.p": 4, "data.k": 16,
    },
    "mgn-resnet50-fastreid": ADAM | CIRCLE | {
        "model.non_local": False, "model.ibn": True, "model.part_channels": 256, "data.p": 16, "data.k": 4,
    },
    "bot-vit-fastreid": {
        "model.backbone": "vit-b16", "model.size": (256, 128), "model.drop_path": 0.1, "model.pool": "token",
        "model.metric_feature": "before", "loss.classifier": "linear", "loss.label_smoothing": 0,
        "loss.triplet.kind": "soft", "data.p": 32, "data.k": 4, "optim.name": "sgd", "optim.lr": 8e-3,
        "optim.base_batch": 128, "optim.momentum": 0.9, "optim.weight_decay": 1e-4,
        "optim.norm_weight_decay": 5e-4, "optim.bias_weight_decay": 5e-4, "optim.clip": 5,
        "schedule.name": "cosine", "schedule.epochs": 120, "schedule.cosine_from": 0,
        "schedule.final_lr": 1.6e-6, "schedule.warmup_iters": 2000, "schedule.warmup_factor": 0.01,
        "augment.autoaugment": 0,
    },
    "bot-osnet-fastreid": {
        "model.backbone": "osnet-x1.0", "model.size": (256, 128), "optim.name": "amsgrad", "optim.lr": 1.5e-3,
        "data.p": 16, "data.k": 4, "schedule.name": "cosine", "schedule.epochs": 250,
        "schedule.freeze_epochs": 10, "loss.triplet.kind": "none", "loss.label_smoothing": 0.1,
        "augment.flip": 0.5, "augment.pad": 0, "augment.erase": 0, "validation.metric": "euclidean",
    },
}  # fmt: skip


def leaf(config: TrainConfig, place: str) -> Any:
    node: Any = config
    for name in place.split("."):
        node = getattr(node, name)
    return node


@pytest.mark.parametrize("name", TABLE)
def test_the_fastreid_flavour_is_the_table(name: str) -> None:
    config = recipe(name)
    assert {place: leaf(config, place) for place in TABLE[name]} == TABLE[name]
    assert config.learning_rate == config.optim.lr, "at the recipe's own batch"
    assert config.data.sampler == "pk-images", "fast-reid's"


@pytest.mark.parametrize("name", PAIRS)
def test_the_paper_flavour_has_the_papers_optimiser_and_each_head_its_losses(name: str) -> None:
    config, (head, backbone) = recipe(name), name.split("-")
    assert (config.optim.name, config.learning_rate) == (
        ("sgd", 1e-3) if backbone == "vit" else ("adam", 1e-4)
    )
    assert config.model.head == head
    assert (
        config.model.backbone == {"resnet50": "resnet50", "vit": "vit-b16", "osnet": "osnet-x1.0"}[backbone]
    )
    assert config.model.pool == ("avg" if head == "bot" or backbone == "vit" else "gem")
    assert config.loss.classifier == ("linear" if head == "bot" else "circle")
    assert config.loss == recipe(f"{name}-fastreid").loss or name == "bot-osnet"


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_complete_names_itself_and_survives_toml(name: str) -> None:
    config = recipe(name)
    assert config.recipe == name
    assert from_toml(TrainConfig, to_toml(config), name) == config


def test_the_names_are_nine_pairs_in_two_flavours_and_the_campus() -> None:
    assert {*PAIRS, *(f"{pair}-fastreid" for pair in PAIRS), "campus"} <= set(RECIPES)
    assert DEFAULT in RECIPES


def test_an_unknown_recipe_lists_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'bot-vit'"):
        recipe("bot-vitt")


def test_the_workspace_names_a_recipe_and_changes_it(tmp_path: Path) -> None:
    file = tmp_path / "agreid.toml"
    file.write_text('[train]\nrecipe = "campus"\n[train.schedule]\nepochs = 7\n')
    config = load_train(file, ["optim.lr=3e-4"])
    assert (config.recipe, config.schedule.epochs, config.optim.lr) == ("campus", 7, 3e-4)
    assert config.schedule.warmup_iters == recipe("campus").schedule.warmup_iters, "the rest is the recipe's"
    other = load_train(file, name="bot-resnet50")
    assert (other.recipe, other.model.backbone, other.schedule.epochs) == ("bot-resnet50", "resnet50", 7)


def test_without_any_word_the_default_recipe_is_taken(tmp_path: Path) -> None:
    assert load_train(None) == recipe(DEFAULT)
    file = tmp_path / "agreid.toml"
    file.write_text("[evaluate]\nci = true\n")
    assert load_train(file) == recipe(DEFAULT)


def test_the_file_of_a_run_is_read_as_it_is(tmp_path: Path) -> None:
    ran = load_train(None, ["data.p=8", "model.weights=none"], name="sbs-osnet")
    file = tmp_path / "config.toml"
    file.write_text(to_toml(ran))
    assert load_train(file) == ran


def test_an_unknown_key_in_the_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "agreid.toml"
    file.write_text("[train.optim]\nlearning_rate = 1\n")
    with pytest.raises(InputError, match=r"optim\.learning_rate: unknown key"):
        load_train(file)
