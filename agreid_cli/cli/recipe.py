"""`agreid recipe`: list the training recipes, show one, or check a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import (
    HERE,
    ConfigOption,
    JsonOption,
    SetOption,
    WorkspaceOption,
    config_file,
)
from agreid_cli.errors import InputError, UsageError, did_you_mean

if TYPE_CHECKING:
    from agreid_cli.config.train import TrainConfig

ACTIONS = ("list", "show", "check")


def recipe(
    action: Annotated[str, typer.Argument(metavar="list|show|check")] = "list",
    name: Annotated[
        Optional[str],
        typer.Argument(
            metavar="[NAME|FILE]",
            help="A recipe, or a TOML file: an agreid.toml, or the config.toml of a run.",
            show_default="what `agreid train` would use here",
        ),
    ] = None,
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """List the recipes, show one as TOML, or check one: names, values, and their combinations.

    The output of show can be pasted into agreid.toml and edited there.

    Example: agreid recipe show bot-vit --set optim.lr=3e-4
    """
    console = Console(json=json)
    if action not in ACTIONS:
        raise UsageError(f"recipe {action}: unknown{did_you_mean(action, ACTIONS)}")
    if action == "list":
        if name or set_:
            raise UsageError(
                "recipe list takes neither a name nor --set", hint="Use: agreid recipe show NAME"
            )
        _list(console)
        return
    found = _load(name, config_file(config, workspace), set_ or [])
    if action == "show":
        _show(console, found)
    else:
        _check(console, found, name)


def _load(name: str | None, file: Path | None, sets: list[str]) -> TrainConfig:
    """A recipe name is independent of the workspace; a file, or no name, is not."""
    from agreid_cli.config.recipes import RECIPES, load_train, train_table

    if name is None:
        return load_train(file, sets)
    if name in RECIPES or not (Path(name).suffix or Path(name).is_file()):
        return load_train(None, sets, name=name)
    if not train_table(Path(name)):
        raise InputError(
            f"{name} has no training configuration",
            hint="A recipe file starts with [train], or is the config.toml of a run.",
        )
    return load_train(Path(name), sets)


def _list(console: Console) -> None:
    from agreid_cli.config.recipes import DEFAULT, RECIPES, about
    from agreid_cli.config.recipes import recipe as tree_of

    found = [(name, tree_of(name), about(name)) for name in RECIPES]
    console.data([{"name": name, "about": text, **_brief(tree)} for name, tree, text in found])
    rows = []
    for name, tree, text in found:
        height, width = tree.model.size
        batch = f"{tree.data.p}x{tree.data.k}" + (f" x{tree.accumulate}" if tree.accumulate > 1 else "")
        rate = f"{tree.optim.name} {tree.learning_rate:g}"
        rows.append([name, f"{height}x{width}", batch, rate, tree.schedule.epochs, text])
    console.table("", ["recipe", "size", "batch", "optimiser", "epochs", "description"], rows, right=[4])
    console.print(f"Without --recipe, and without a recipe in agreid.toml, agreid train uses {DEFAULT}.")


def _show(console: Console, tree: TrainConfig) -> None:
    from agreid_cli.config.recipes import to_section

    console.data(tree.model_dump(mode="json", exclude_none=True))
    console.print(to_section(tree).rstrip("\n"))


def _check(console: Console, tree: TrainConfig, name: str | None) -> None:
    from agreid_cli.nn.spec import ModelSpec, check_spec

    model = tree.model
    check_spec(ModelSpec(model.backbone, model.head, model.size, pooling=model.pool))
    if model.weights not in ("imagenet", "shipped", "none") and not Path(model.weights).is_file():
        raise InputError(
            f"model.weights: file not found: {model.weights}",
            hint="Give a .safetensors or .pth file, imagenet, or none.",
        )
    console.data({"valid": True, **_brief(tree)})
    console.print(f"{name or 'the configuration of this workspace'} is valid")
    for key, value in _brief(tree).items():
        console.print(f"  {key}: {value}")


def _brief(tree: TrainConfig) -> dict[str, Any]:
    height, width = tree.model.size
    return {
        "recipe": tree.recipe,
        "backbone": tree.model.backbone,
        "head": tree.model.head,
        "weights": tree.model.weights,
        "size": f"{height}x{width}",
        "crops a step": tree.data.batch * tree.accumulate,
        "optimiser": tree.optim.name,
        "learning rate": tree.learning_rate,
        "schedule": tree.schedule.name,
        "epochs": tree.schedule.epochs,
    }
