"""Checks before the first step, so that no hours are lost because of a typing error."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from agreid_cli.cores import crowded, taken_cores, usable_cores
from agreid_cli.errors import AgreidError, InputError, Problems
from agreid_cli.metrics.protocol import directions_in, sides
from agreid_cli.progress import Progress
from agreid_cli.records.directions import find_direction
from agreid_cli.records.runs import Run
from agreid_cli.training.state import Training
from agreid_cli.training.validate import Testing

FLOAT = 4  # bytes


def check_directions(directions: Sequence[str]) -> None:
    """`InputError` that lists every unknown name."""
    problems = Problems()
    hint = ""
    for word in directions:
        try:
            find_direction(word)
        except InputError as error:
            problems.add("validation.directions", str(error).splitlines()[0])
            hint = error.hint
    if problems.found:
        raise InputError("there is no such direction", problems=problems.found, hint=hint)


def say_directions(testing: Testing | None, directions: Sequence[str], progress: Progress) -> None:
    """Report directions that the test part cannot rank, and what validation ranks instead."""
    if testing is None:
        return
    crops = testing.embeddings(np.zeros((len(testing.crop_id), 1), np.float32))
    can = []
    for name in directions_in(crops, testing.lists):
        try:
            sides(crops, find_direction(name), testing.lists)
            can.append(name)
        except InputError:
            continue  # no query has a match
    asked = list(dict.fromkeys(find_direction(word).name for word in directions))
    if gone := [name for name in asked if name not in can]:
        left = [name for name in asked if name in can] or can[:1]
        instead = f"validation ranks {', '.join(left)}" if left else "no epoch can be called the best"
        progress.note(f"the {testing.who} crops cannot be ranked {' and '.join(gone)}: {instead}")


def say_crowded(device: torch.device, progress: Progress) -> None:
    """Say how to run two commands at once, if this one has more threads than there are free cores.

    The number of threads is not changed: it changes rounding, so that runs would depend on what else ran.
    """
    threads, cores = torch.get_num_threads(), usable_cores()
    if device.type != "cpu" or threads == 1:
        return
    taken = taken_cores()
    if crowded(taken, threads, cores):
        progress.note(
            f"other work takes {taken:.1f} of {cores} cores, and {threads} threads wait for each other: set "
            "OMP_NUM_THREADS=1 for every command that runs at the same time"
        )


def check_space(run: Run, training: Training, *, embedded: int = 0) -> None:
    """`AgreidError` if the disk has no space for the checkpoints of this run and `embedded` bytes more.

    Each file is written beside the one that it replaces, so the largest counts twice.
    """
    folder = next(path for path in (run.root, *run.root.parents) if path.is_dir())
    weights = sum(tensor.nbytes for tensor in training.weights().values())
    trained = [p for group in training.optimiser.param_groups for p in group["params"]]
    moments = training.config.optim.name
    per_parameter = {"sgd": 1, "amsgrad": 3}.get(moments, 2)
    state = weights + per_parameter * sum(p.nbytes for p in trained)
    state += sum(tensor.nbytes for tensor in training.objective.state_dict().values())
    if training.ema:
        state += weights
    written = (run.last, run.best, run.best_on_test, run.state)
    here = sum(path.stat().st_size for path in written if path.is_file())
    needed = max(0, 2 * weights + state + embedded - here) + max(weights, state)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise AgreidError(
            f"the checkpoints need {needed / 1e9:.2f} GB, and {folder} has {free / 1e9:.2f} GB free",
            hint="Free some space, or choose another disk with --workspace.",
        )


def clear_leftovers(run: Run) -> None:
    """Partial files of a killed process; the lock ensures that none is being written now."""
    for folder in (run.root, run.last.parent, run.result("x").parent):
        for left in folder.glob(".*.tmp"):
            left.unlink(missing_ok=True)
    for left in run.root.parent.glob(f".{run.name}.*"):
        if left.suffix in (".tmp", ".old") and left.is_dir() and _is_ours(left, run):
            shutil.rmtree(left, ignore_errors=True)


def _is_ours(left: Path, run: Run) -> bool:
    return left.name.removeprefix(f".{run.name}.").split(".")[0].isdecimal()
