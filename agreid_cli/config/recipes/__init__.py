"""Recipes: complete training configurations by name. A new recipe is one function and one line here."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomli_w

from agreid_cli.config.load import build, read_toml, with_overrides
from agreid_cli.config.recipes.parts import over
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError, did_you_mean

DEFAULT = "bot-vit"

#: name → "module:function"; the function takes no arguments and returns a `TrainConfig`.
RECIPES: dict[str, str] = {
    "bot-resnet50": "agreid_cli.config.recipes.paper:bot_resnet50",
    "bot-vit": "agreid_cli.config.recipes.paper:bot_vit",
    "bot-osnet": "agreid_cli.config.recipes.paper:bot_osnet",
    "sbs-resnet50": "agreid_cli.config.recipes.paper:sbs_resnet50",
    "sbs-vit": "agreid_cli.config.recipes.paper:sbs_vit",
    "sbs-osnet": "agreid_cli.config.recipes.paper:sbs_osnet",
    "mgn-resnet50": "agreid_cli.config.recipes.paper:mgn_resnet50",
    "mgn-vit": "agreid_cli.config.recipes.paper:mgn_vit",
    "mgn-osnet": "agreid_cli.config.recipes.paper:mgn_osnet",
    "bot-resnet50-fastreid": "agreid_cli.config.recipes.fastreid:bot_resnet50",
    "bot-vit-fastreid": "agreid_cli.config.recipes.fastreid:bot_vit",
    "bot-osnet-fastreid": "agreid_cli.config.recipes.fastreid:bot_osnet",
    "sbs-resnet50-fastreid": "agreid_cli.config.recipes.fastreid:sbs_resnet50",
    "sbs-vit-fastreid": "agreid_cli.config.recipes.fastreid:sbs_vit",
    "sbs-osnet-fastreid": "agreid_cli.config.recipes.fastreid:sbs_osnet",
    "mgn-resnet50-fastreid": "agreid_cli.config.recipes.fastreid:mgn_resnet50",
    "mgn-vit-fastreid": "agreid_cli.config.recipes.fastreid:mgn_vit",
    "mgn-osnet-fastreid": "agreid_cli.config.recipes.fastreid:mgn_osnet",
    "campus": "agreid_cli.config.recipes.campus:campus",
    "transreid": "agreid_cli.config.recipes.view_aware:transreid",
    "transreid-view": "agreid_cli.config.recipes.view_aware:transreid_view",
    "vdt": "agreid_cli.config.recipes.view_aware:vdt",
    "secap": "agreid_cli.config.recipes.view_aware:secap",
    "clip-reid": "agreid_cli.config.recipes.view_aware:clip_reid",
    "latex": "agreid_cli.config.recipes.view_aware:latex",
    "campus-vit": "agreid_cli.config.recipes.view_aware:campus_vit",
    "campus-transreid": "agreid_cli.config.recipes.view_aware:campus_transreid",
    "campus-vdt": "agreid_cli.config.recipes.view_aware:campus_vdt",
    "campus-secap": "agreid_cli.config.recipes.view_aware:campus_secap",
    "explain-bot-resnet50": "agreid_cli.config.recipes.explain:bot_resnet50",
    "explain-bot-vit": "agreid_cli.config.recipes.explain:bot_vit",
    "explain-bot-osnet": "agreid_cli.config.recipes.explain:bot_osnet",
    "explain-sbs-resnet50": "agreid_cli.config.recipes.explain:sbs_resnet50",
    "explain-sbs-vit": "agreid_cli.config.recipes.explain:sbs_vit",
    "explain-sbs-osnet": "agreid_cli.config.recipes.explain:sbs_osnet",
    "explain-campus": "agreid_cli.config.recipes.explain:explain_campus",
}


def recipe(name: str) -> TrainConfig:
    """The complete tree of the recipe `name`, with `recipe` set to it; `InputError` lists the names."""
    if name not in RECIPES:
        raise InputError(
            f"unknown recipe '{name}'{did_you_mean(name, RECIPES)}",
            hint="List them with: agreid recipe list",
        )
    module, _, function = RECIPES[name].partition(":")
    made: TrainConfig = getattr(importlib.import_module(module), function)()
    return TrainConfig.model_validate(made.model_dump() | {"recipe": name})


def about(name: str) -> str:
    """The one-line description of a recipe."""
    module, _, function = RECIPES[name].partition(":")
    text = getattr(importlib.import_module(module), function).__doc__ or ""
    return str(text).strip().splitlines()[0].rstrip(".")


def to_section(config: TrainConfig) -> str:
    """The complete tree as the `[train]` section of a TOML file, which `load_train` reads back."""
    return tomli_w.dumps({"train": config.model_dump(mode="json", exclude_none=True)})


def load_train(file: Path | None, sets: Sequence[str] = (), *, name: str | None = None) -> TrainConfig:
    """The tree of one run: a recipe, overridden by `[train]` of `file`, then by `--set`.

    The recipe is `name`, else the one named in the file, else `DEFAULT`. The file may also be the
    `config.toml` of a run, which is a complete tree without `[train]`.
    """
    words = train_table(file) if file else {}
    base = recipe(name or str(words.get("recipe") or DEFAULT))
    tree = over(base.model_dump(), words | {"recipe": base.recipe})
    return with_overrides(build(TrainConfig, tree, f"{file} [train]" if file else "the configuration"), sets)


def train_table(file: Path) -> dict[str, Any]:
    """The training configuration in a TOML file: its `[train]`, or the whole file if it is from a run."""
    tree = read_toml(file)
    if "train" in tree:
        table = tree["train"]
        if not isinstance(table, dict):
            raise InputError(f"{file}: train is not a table", hint="Put its values below a line [train].")
        return table
    return tree if tree and all(key in TrainConfig.model_fields for key in tree) else {}
