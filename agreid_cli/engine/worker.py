"""What runs in a worker: it opens the work once, does unit after unit, and keeps what the work reports."""

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
    """The result of a unit, or its error; `heard` is what was not asked for before."""

    result: Any
    error: AgreidError | None
    heard: Heard


@dataclass(frozen=True)
class Setting:
    """What a worker must find as the driver has it: the folder, a file in it, the version, the place."""

    folder: Path
    probe: str
    version: str
    started_in: str
    threads: int | None  # of torch, whose sums depend on their number; None where the driver has no torch


class Worker:
    """The body of a Ray actor. It holds nothing that a restarted one could not open again."""

    def __init__(self, open_worker: Callable[[], Work], setting: Setting) -> None:
        self._open, self._setting = open_worker, setting
        self._work: Work | None = None
        self._ear = Ear()

    def ready(self) -> AgreidError | None:
        """Open the work; the reason why this worker cannot, as an error."""
        host = socket.gethostname()
        if self._setting.version != __version__:
            return AgreidError(
                f"{host} has agreid {__version__}, and this is {self._setting.version}",
                hint="Install the same version on every node.",
            )
        if unseen := why_unseen(self._setting.folder, self._setting.probe):
            return unseen
        with contextlib.suppress(OSError):  # so that relative paths mean what they mean to the driver
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
        """Work on one unit. Its error is part of the outcome; only the death of the worker raises."""
        assert self._work is not None
        try:
            return Outcome(self._work(what, self._ear), None, self._ear.take())
        except AgreidError as error:
            return Outcome(None, error, self._ear.take())
        except Exception as error:
            told = AgreidError(f"{type(error).__name__}: {error}", hint="--engine local shows the traceback.")
            return Outcome(None, told, self._ear.take())

    def heard(self) -> Heard:
        """What the work has reported so far, while it is under way."""
        return self._ear.take()
