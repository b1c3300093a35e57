"""`agreid train`: from the split to a run that `agreid evaluate` ranks."""

from __future__ import annotations

import os
from typing import Annotated, Optional

import typer

from agreid_cli.cli.console import Voice
from agreid_cli.cli.options import (
    HERE,
    ConfigOption,
    DeviceOption,
    JsonOption,
    SetOption,
    WorkspaceOption,
    config_file,
)
from agreid_cli.errors import UsageError


def train(
    recipe: Annotated[
        Optional[str],
        typer.Option(
            metavar="NAME", help="Recipe to train by: see agreid recipe list.",
            show_default="the workspace's, else bot-vit",
        ),
    ] = None,
    name: Annotated[
        Optional[str], typer.Option(metavar="NAME", help="Name of the run.", show_default="the recipe's")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted run, to the same numbers.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the run of this name if there is one.")
    ] = False,
    device: DeviceOption = "auto",
    on_bad_image: Annotated[
        Optional[str],
        typer.Option(
            "--on-bad-image", metavar="fail|skip", help="What to do about an image that is gone or broken.",
            show_default="fail",
        ),
    ] = None,
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Train a network on the split's training part, and embed the test part with it.

    The run goes to runs/NAME: configuration, inputs, log, checkpoints, embeddings. Ctrl-C saves, and --resume
    goes on. With several GPUs: torchrun --nproc-per-node N -m agreid_cli train.

    Example: agreid train --recipe bot-resnet50 --set schedule.epochs=60 --name bot60
    """
    from agreid_cli.config.load import with_overrides
    from agreid_cli.config.recipes import load_train
    from agreid_cli.progress import SILENT
    from agreid_cli.records.runs import Run
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.run.runs import stored_config
    from agreid_cli.stages.run.train import train as run_training

    if resume and overwrite:
        raise UsageError("--resume and --overwrite exclude each other", hint="Give one of them.")
    voice = Voice(json=json)
    place = Workspace(workspace)
    bad = [f"data.on_bad_image={on_bad_image}"] if on_bad_image else []
    if resume and name and not (recipe or set_ or config):
        settings = with_overrides(stored_config(Run(place.runs / name)), bad)
    else:
        settings = load_train(config_file(config, workspace), [*(set_ or ()), *bad], name=recipe)
    first = os.environ.get("RANK", "0") == "0"  # of torchrun's processes one speaks
    done = run_training(
        place, config=settings, name=name, resume=resume, overwrite=overwrite, device=device,
        progress=voice if first else SILENT,
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
        title = f"After epoch {done.best_epoch}, the best of those that were looked at (per cent)"
        voice.table(title, columns, rows, right=range(1, 5))
        chosen_on = {
            "held-out": "held-out training people, whose figures these are; the test was left alone.",
            "test": "these very test crops, as is usual: read its figures as a little high.",
        }
        voice.note(f"The epoch was chosen on {chosen_on[done.evals[0].get('on', 'test')]}")
    voice.say(f"{done.run.root}: {done.epochs} epochs")
    how = "Score it with: agreid evaluate --explain" if settings.explain else "Rank it with: agreid evaluate"
    voice.note(f"{how} --run {done.run.name} --direction both")
    voice.data(
        {
            "run": done.run.name,
            "folder": str(done.run.root),
            "epochs": done.epochs,
            "best_epoch": done.best_epoch,
            "weights": str(done.run.weights),
            "evals": [{k: v for k, v in row.items() if k != "kind"} for row in done.evals],
        }
    )
