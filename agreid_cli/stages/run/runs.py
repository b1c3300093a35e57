"""The folder of a run: created, locked, and checked for `--resume`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agreid_cli.config.load import difference, to_toml
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import InputError, MissingError, Problem, UsageError
from agreid_cli.progress import Progress
from agreid_cli.records.files import sha256, write_text
from agreid_cli.records.folders import writing_folder
from agreid_cli.records.locks import locked
from agreid_cli.records.run_inputs import read_inputs, write_inputs
from agreid_cli.records.runs import Run
from agreid_cli.training.stored import as_decided, stored_config

#: Inputs that must be unchanged for a run to be resumed.
SAME = ("manifest_sha256", "split_sha256")


@contextlib.contextmanager
def locked_run(run: Run, *, first: bool = True) -> Iterator[None]:
    """Lock the run for this process; of several ranks, `first` holds it. `UsageError` if it is locked."""
    if not first:
        yield
        return
    place = run.root.parent
    there = place.is_dir()
    taken = UsageError(
        f"the run '{run.name}' is being trained by another process",
        hint="Wait for it, stop it, or choose another name: --name NAME",
    )
    with locked(run.lock, taken):
        try:
            yield
        finally:
            if not run.root.exists():  # refused: leave the workspace unchanged
                run.lock.unlink(missing_ok=True)
                if not there:
                    with contextlib.suppress(OSError):
                        place.rmdir()


def refuse_existing(run: Run) -> None:
    """`InputError` if there is a run of this name."""
    if run.root.exists() and any(run.root.iterdir()):
        raise InputError(
            f"the run '{run.name}' already exists: {run.root}",
            hint="Continue it: --resume. Replace it: --overwrite. Or choose another name: --name NAME",
        )


def begin(run: Run, config: TrainConfig, inputs: Mapping[str, Any]) -> None:
    """Create the folder of a new run, with its configuration and inputs, in place of one of the same name.

    It exists with both files or not at all, even if this process is killed.
    """
    with writing_folder(run.root, overwrite=True) as made:
        write_text(made / run.config.name, to_toml(config))
        write_inputs(made / run.inputs.name, inputs)
    run.timing.unlink(missing_ok=True)


def must_agree(run: Run, config: TrainConfig, inputs: Mapping[str, Any]) -> None:
    """Refuse to resume a run with another configuration or other data, with every difference.

    A larger `schedule.epochs` is not a difference.
    """
    if not run.config.is_file():
        raise MissingError(
            f"there is no run '{run.name}' to resume in {run.root.parent}", hint="Start it without --resume."
        )
    ran = stored_config(run)
    problems = difference(longer(ran, config.schedule.epochs), as_decided(config, ran))
    before = read_inputs(run.inputs)
    for name in SAME:
        if name in before and before[name] != inputs[name]:
            what = name.removesuffix("_sha256")
            problems.append(Problem(f"{what}.parquet", "has changed since the run started"))
    if problems:
        raise UsageError(
            f"the run '{run.name}' cannot be resumed with another configuration or other data",
            problems=problems,
            hint="Undo the changes to resume it (only schedule.epochs may grow), or start a new run: "
            "--name NAME, or --overwrite.\n"
            f"Start another run from its weights: --name NAME --set model.weights={run.last}",
        )


def longer(config: TrainConfig, epochs: int) -> TrainConfig:
    """The configuration with this number of epochs if that is more than it has."""
    more = max(epochs, config.schedule.epochs)
    return config.model_copy(update={"schedule": config.schedule.model_copy(update={"epochs": more})})


def extend(run: Run, config: TrainConfig, progress: Progress) -> None:
    """Store that a resumed run has more epochs than it started with, and report what that means."""
    before, now = stored_config(run).schedule.epochs, config.schedule.epochs
    if now <= before:
        return
    write_text(run.config, to_toml(longer(stored_config(run), now)))
    cosine = config.schedule.name == "cosine"
    rates = "; from here on the cosine ends there, so the rate rises again" if cosine else ""
    progress.note(f"the run '{run.name}' continues to epoch {now} instead of {before}{rates}")


def weights_digest(config: TrainConfig) -> str:
    """The hash of the initial weight file, or the configured value if it is not a file."""
    path = Path(config.model.weights)
    return f"{path} sha256:{sha256(path)}" if path.is_file() else config.model.weights
