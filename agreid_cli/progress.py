"""What a stage may say while it works. The command line draws it; a library caller may pass `SILENT`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Task(Protocol):
    """One running piece of work."""

    def advance(self, n: int = 1, **figures: int | float | str) -> None:
        """`n` more units are done; `figures` (tracks=3, crops=7) are shown beside the bar."""


class Progress(Protocol):
    """The listener that the caller hands to a stage."""

    def task(self, label: str, total: int | None, unit: str) -> AbstractContextManager[Task]:
        """Open a task of `total` units (None when nobody knows)."""

    def note(self, text: str) -> None:
        """Something worth knowing that needs no action."""

    def warn(self, text: str) -> None:
        """Something that the user should look at."""


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
