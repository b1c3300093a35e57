"""Several trainings that differ in recipe or seed: each run is a unit of work, and finished ones are kept."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch  # loaded here, so that workers take this process's number of threads

from agreid_cli.config.engine import EngineConfig
from agreid_cli.config.train import TrainConfig
from agreid_cli.engine.run import LOCAL, run_units
from agreid_cli.engine.units import Failure, Unit, Work
from agreid_cli.errors import AgreidError, InputError, Problems, UsageError
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.run_inputs import data_digests
from agreid_cli.records.runs import Run, check_run_name
from agreid_cli.records.training_log import read_log
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.runs import must_agree
from agreid_cli.stages.run.stale import why_stale
from agreid_cli.stages.run.train import Trained, train
from agreid_cli.training.checkpoint import load_weights
from agreid_cli.training.methods import method_of
from agreid_cli.training.methods.method import completed

assert torch


@dataclass(frozen=True)
class Planned:
    """A run of the sweep: its name and its complete configuration."""

    name: str
    config: TrainConfig


@dataclass(frozen=True)
class Sweep:
    """The finished runs, in the order in which they were planned, and those that failed.

    before: the names of the runs that were finished before.
    """

    runs: tuple[Trained, ...]
    before: frozenset[str]
    failures: tuple[Failure, ...]


def sweep(
    workspace: Workspace,
    planned: Sequence[Planned],
    *,
    device: str = "auto",
    engine: EngineConfig = LOCAL,
    progress: Progress = SILENT,
) -> Sweep:
    """Train the runs that are not finished, one after another or on Ray; interrupted ones are continued.

    A run whose training fails leaves the others. Raises `UsageError` before the first step if runs have one
    name, or if a run of that name has another configuration or other data.
    """
    workspace = Workspace(workspace.root.resolve())
    counted = Counter(check_run_name(plan.name) for plan in planned)
    if twice := [name for name, n in counted.items() if n > 1]:
        raise UsageError(
            f"several runs would be called {', '.join(twice)}", hint="Give each seed and each recipe once."
        )
    problems, done = Problems(), dict[str, Trained]()
    for plan in planned:
        try:
            finished = finished_run(workspace, plan)
        except UsageError as error:
            problems.add(plan.name, error.message)
            problems.extend(error.problems)
        else:
            done |= {plan.name: finished} if finished else {}
    if problems.n:
        raise UsageError(
            "these runs exist with another configuration or other data", problems=problems.found,
            hint="Undo the changes, remove the runs, or choose other names with --name.",
        )  # fmt: skip
    before = frozenset(done)
    for name in before:
        progress.note(f"the run '{name}' is finished already")
    units = [Unit(plan.name, plan) for plan in planned if plan.name not in done]
    failures = run_units(
        units, partial(open_training, workspace, device, list(sys.argv)), config=engine,
        folder=workspace.runs, label="training", noun="runs",
        done=lambda unit, trained: done.update({unit.name: trained}), progress=progress,
    )  # fmt: skip
    runs = tuple(done[plan.name] for plan in planned if plan.name in done)
    return Sweep(runs, before, tuple(failures))


def open_training(workspace: Workspace, device: str, argv: list[str]) -> Work:
    """The work on a run in one process; `argv` is the command line that its inputs record."""
    sys.argv = argv

    def work(plan: Planned, progress: Progress) -> Trained:
        begun = Run(workspace.runs / plan.name).config.is_file()
        try:
            return train(
                workspace, config=plan.config, name=plan.name, resume=begun, device=device, progress=progress
            )
        except InputError:
            raise
        except AgreidError as error:  # of this run alone
            raise InputError(error.message, hint=error.hint, problems=error.problems) from error

    return work


def finished_run(workspace: Workspace, plan: Planned) -> Trained | None:
    """The run of this name if nothing is left to do; `UsageError` if it is another run."""
    run = Run(workspace.runs / plan.name)
    if not run.config.is_file():
        return None
    method = method_of(plan.config)
    config = method.resolve(workspace, completed(plan.config, method), run)
    must_agree(run, config, data_digests(workspace))
    if not run.last.is_file() or why_stale(workspace, run):
        return None
    epoch, kept = (int(load_weights(path).metadata["epoch"]) for path in (run.last, run.weights))
    if epoch < config.schedule.epochs:
        return None
    rows = [row for row in read_log(run.log) if row["kind"] == "eval" and row["epoch"] == kept]
    return Trained(run, epoch, kept, tuple(rows))
