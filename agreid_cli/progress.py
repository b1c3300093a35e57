"""Progress reporting of stages. The command line displays it; library callers may pass `SILENT`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Task(Protocol):
    """A running task."""

    def advance(self, n: int = 1, **figures: int | float | str) -> None:
        """Report `n` more finished units; `figures` (tracks=3, crops=7) are shown beside the bar."""


class Progress(Protocol):
    """Receives the progress of a stage; supplied by the caller."""

    def task(self, label: str, total: int | None, unit: str) -> AbstractContextManager[Task]:
        """Open a task of `total` units (None if unknown)."""

    def note(self, text: str) -> None:
        """Report information that needs no action."""

    def warn(self, text: str) -> None:
        """Report something that the user should check."""


class _SilentTask:
    def advance(self, n: int = 1, **figures: int | float | str) -> None:
        pass


class _Silent:
    @contextmanager
    def task(self, label: str, total: int | None, unit: str) -> Iterator[Task]:
        yield _SilentTask()

    def note(self, text: str) -> None:
        pass

    def warn(self, text: str) -> None:
        pass


SILENT: Progress = _Silent()
