"""Code that runs in a Ray worker: load the work once, process units, and collect their reports."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agreid_cli import __version__
from agreid_cli.engine.units import Work
from agreid_cli.errors import AgreidError
from agreid_cli.progress import Ear, Heard
from agreid_cli.records.probe import why_unseen


@dataclass(frozen=True)
class Outcome:
    """The result of a unit, or its error; `heard` has the reports not fetched before."""

    result: Any
    error: AgreidError | None
    heard: Heard


@dataclass(frozen=True)
class Setting:
    """What a worker must share with the driver: the folder, a file in it, the version, the current folder."""

    folder: Path
    probe: str
    version: str
    started_in: str
    threads: int | None  # torch's, on which its sums depend; None if the driver has not loaded torch


class Worker:
    """The class of the Ray actors. Everything it holds can be loaded again after a restart."""

    def __init__(self, open_worker: Callable[[], Work], setting: Setting) -> None:
        self._open, self._setting = open_worker, setting
        self._work: Work | None = None
        self._ear = Ear()

    def ready(self) -> AgreidError | None:
        """Load the work; returns an error if this worker cannot."""
        host = socket.gethostname()
        if self._setting.version != __version__:
            return AgreidError(
                f"{host} has agreid {__version__}, and this is {self._setting.version}",
                hint="Install the same version on every node.",
            )
        if unseen := why_unseen(self._setting.folder, self._setting.probe):
            return unseen
        with contextlib.suppress(OSError):  # so that relative paths are the same as in the driver
            os.chdir(self._setting.started_in)
        try:
            if self._setting.threads:
                import torch

                torch.set_num_threads(self._setting.threads)
            self._work = self._work or self._open()
        except AgreidError as error:
            return error
        return None

    def do(self, what: Any) -> Outcome:
        """Process one unit. An error becomes part of the outcome; nothing is raised."""
        assert self._work is not None
        try:
            return Outcome(self._work(what, self._ear), None, self._ear.take())
        except AgreidError as error:
            return Outcome(None, error, self._ear.take())
        except Exception as error:
            told = AgreidError(f"{type(error).__name__}: {error}", hint="--engine local shows the traceback.")
            return Outcome(None, told, self._ear.take())

    def heard(self) -> Heard:
        """The reports since the last call; can be called during a unit."""
        return self._ear.take()
