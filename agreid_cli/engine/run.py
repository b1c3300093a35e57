"""Run units on the configured engine; both engines give the same results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from agreid_cli.config.engine import EngineConfig
from agreid_cli.engine.units import Failure, Unit, Work
from agreid_cli.errors import InputError
from agreid_cli.progress import SILENT, Progress

LOCAL = EngineConfig()


def run_units(
    units: Sequence[Unit[Any]],
    open_worker: Callable[[], Work],
    *,
    config: EngineConfig = LOCAL,
    folder: Path,
    label: str,
    noun: str,
    done: Callable[[Unit[Any], Any], None] = lambda unit, result: None,
    progress: Progress = SILENT,
) -> list[Failure]:
    """Process every unit; `done` is called in this process with each result as it arrives.

    `open_worker` is called once per worker and returns the work; for Ray it must be picklable (a `partial` of
    a module's function). A unit that raises `InputError` is returned as a failure and the others continue.
    Any other error stops the call in this process; on Ray it is a failure of that unit too. `folder` is where
    the units write; all workers must see it. `label` and `noun` (plural) are for the display.

    On Ray a unit whose worker or node dies is retried, at most `config.retries` times.
    """
    if not units:
        return []
    if config.name == "ray":
        from agreid_cli.engine.on_ray import run_on_ray

        return run_on_ray(
            units, open_worker, config=config, folder=folder, label=label, noun=noun, done=done,
            progress=progress,
        )  # fmt: skip
    work = open_worker()
    failures: list[Failure] = []
    for unit in units:
        try:
            result = work(unit.what, progress)
        except InputError as error:
            failures.append(Failure(unit.name, error))
        else:
            done(unit, result)
    return failures
