"""`agreid train`: train a run that `agreid evaluate` ranks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import (
    HERE,
    ConfigOption,
    DeviceOption,
    EngineOption,
    JsonOption,
    SetOption,
    WorkspaceOption,
    config_file,
    engine_config,
)
from agreid_cli.errors import UsageError

if TYPE_CHECKING:
    from agreid_cli.records.workspace import Workspace


def train(
    recipe: Annotated[
        Optional[list[str]],
        typer.Option(
            metavar="NAME",
            help="Training recipe; list them with: agreid recipe list. Repeat it to train several.",
            show_default="the workspace's, else bot-vit",
        ),
    ] = None,
    name: Annotated[
        Optional[str], typer.Option(metavar="NAME", help="Name of the run.", show_default="the recipe's")
    ] = None,
    seeds: Annotated[
        Optional[str],
        typer.Option(
            "--seeds", metavar="N,N,...",
            help="Train a run NAME-sN with each seed; finished runs are kept, interrupted ones continued.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue an interrupted run, to the same result.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing run of this name.")
    ] = False,
    device: DeviceOption = "auto",
    on_bad_image: Annotated[
        Optional[str],
        typer.Option(
            "--on-bad-image", metavar="fail|skip", help="What to do if an image is missing or broken.",
            show_default="fail",
        ),
    ] = None,
    engine: EngineOption = None,
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Train a network on the training identities of the split, then embed the test crops.

    The run folder is runs/NAME: configuration, inputs, log, checkpoints, embeddings. Ctrl-C saves a
    checkpoint, and --resume continues. With several GPUs: torchrun --nproc-per-node N -m agreid_cli train.
    Several recipes or --seeds train one run after another, or with --engine ray one in each worker.

    Example: agreid train --recipe bot-resnet50 --set schedule.epochs=60 --name bot60
    """
    from agreid_cli.config.load import with_overrides
    from agreid_cli.config.recipes import load_train
    from agreid_cli.progress import SILENT
    from agreid_cli.records.runs import Run, check_run_name
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.run.train import train as run_training
    from agreid_cli.training.stored import stored_config

    if resume and overwrite:
        raise UsageError("--resume and --overwrite exclude each other", hint="Give one of them.")
    console = Console(json=json)
    place = Workspace(workspace)
    bad = [f"data.on_bad_image={on_bad_image}"] if on_bad_image else []
    words, file = [*(set_ or ()), *bad], config_file(config, workspace)
    recipes = recipe or []
    if seeds is not None or len(recipes) > 1:
        if resume or overwrite:
            raise UsageError(
                "--resume and --overwrite are for one run", hint="Several runs are continued without either."
            )
        _sweep(console, place, recipes, name, seeds, words, file, engine, device)
        return
    if engine is not None:
        raise UsageError(
            "--engine is for several runs",
            hint="Add --seeds 0,1,2 or another --recipe, or leave it out.",
        )
    began = None
    if resume and not (recipes or config):  # go on from what the run began with, not from today's recipe
        usual = load_train(file).recipe if name is None else name
        began = Run(place.runs / check_run_name(usual))
    if began and began.config.is_file():
        settings = with_overrides(stored_config(began), words)
    else:
        settings = load_train(file, words, name=recipes[0] if recipes else None)
    first = os.environ.get("RANK", "0") == "0"  # under torchrun only rank 0 prints
    done = run_training(
        place, config=settings, name=name, resume=resume, overwrite=overwrite, device=device,
        progress=console if first else SILENT,
    )  # fmt: skip
    if not first:
        return
    if done.evals:
        columns = ["direction", "mAP", "Rank-1", "mINP", "queries", "fingerprint"]
        rows = [
            [r["direction"], *(f"{100 * r[key]:.2f}" for key in ("mAP", "rank1", "mINP")), r["n_valid"],
             r["fingerprint"]]
            for r in done.evals
        ]  # fmt: skip
        last = done.run.weights == done.run.last
        which = "the last" if last else "the best of those validated"
        console.table(f"Epoch {done.reported_epoch}, {which} (per cent)", columns, rows, right=range(1, 5))
        chosen_on = {
            "held-out": "held-out training identities (figures above); the test set was not used.",
            "test": "the test crops themselves (best-on-test), so these figures are too high.",
        }
        if not last:
            console.note(f"The epoch was chosen on {chosen_on[done.evals[0].get('on', 'test')]}")
    console.print(f"{done.run.root}: {done.epochs} epochs")
    how = "Next: agreid evaluate --explain" if settings.explain else "Next: agreid evaluate"
    console.note(f"{how} --run {done.run.name} --direction both")
    console.data(
        {
            "run": done.run.name,
            "folder": str(done.run.root),
            "epochs": done.epochs,
            "reported_epoch": done.reported_epoch,
            "weights": str(done.run.weights),
            "evals": [{k: v for k, v in row.items() if k != "kind"} for row in done.evals],
        }
    )


def _sweep(
    console: Console,
    workspace: Workspace,
    recipes: list[str],
    name: str | None,
    seeds: str | None,
    words: list[str],
    file: Path | None,
    engine: str | None,
    device: str,
) -> None:
    from agreid_cli.cli.sweep_view import show_sweep
    from agreid_cli.config.recipes import load_train
    from agreid_cli.stages.run.failures import raise_failures
    from agreid_cli.stages.run.sweep import Planned, sweep

    if name is not None and len(recipes) > 1:
        raise UsageError("--name is for one recipe", hint="Runs of several recipes have their names.")
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise UsageError("several runs are not trained under torchrun", hint="Call it once for each run.")
    numbers = _seeds(seeds)
    if numbers and any(word.partition("=")[0].strip() == "seed" for word in words):
        raise UsageError("--seeds and --set seed exclude each other", hint="Give one of them.")
    planned, recipe_of = [], {}
    chosen: list[str | None] = [*recipes] or [None]
    drawn: list[int | None] = [*numbers] or [None]
    for recipe in chosen:
        for number in drawn:
            sets = [*words, *([] if number is None else [f"seed={number}"])]
            settings = load_train(file, sets, name=recipe)
            base = name or settings.recipe or "train"
            plan = Planned(base if number is None else f"{base}-s{number}", settings)
            planned.append(plan)
            recipe_of[plan.name] = base
    where, _ = engine_config(engine, file)
    found = sweep(workspace, planned, device=device, engine=where, progress=console)
    show_sweep(console, found, recipe_of)
    raise_failures(found.failures, len(planned), "runs")


def _seeds(text: str | None) -> list[int]:
    if text is None:
        return []
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() for word in words):
        raise UsageError(f"--seeds '{text}' is not a list of seeds", hint="For example: --seeds 0,1,2")
    return [int(word) for word in words]
