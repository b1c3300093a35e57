"""Progress reporting of stages. The command line displays it; library callers may pass `SILENT`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
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


@dataclass
class Once:
    """A `Progress` that passes each warning on once, for several stages on the same data."""

    inner: Progress
    warned: set[str] = field(default_factory=set)

    def task(self, label: str, total: int | None, unit: str) -> AbstractContextManager[Task]:
        return self.inner.task(label, total, unit)

    def note(self, text: str) -> None:
        self.inner.note(text)

    def warn(self, text: str) -> None:
        if text not in self.warned:
            self.warned.add(text)
            self.inner.warn(text)


@dataclass
class Heard:
    """What a worker has reported since it was last asked: finished steps by unit of measure, and messages."""

    steps: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def tell(self, progress: Progress) -> None:
        """Pass the messages on."""
        for text in self.notes:
            progress.note(text)
        for text in self.warnings:
            progress.warn(text)


class Ear:
    """A `Progress` that remembers until it is asked; one thread reports while another asks."""

    def __init__(self) -> None:
        self._heard = Heard()
        self._lock = threading.Lock()

    def take(self) -> Heard:
        """What was reported since the last call."""
        with self._lock:
            heard, self._heard = self._heard, Heard()
        return heard

    @contextmanager
    def task(self, label: str, total: int | None, unit: str) -> Iterator[_Steps]:
        yield _Steps(self, unit)

    def step(self, unit: str, n: int) -> None:
        with self._lock:
            self._heard.steps[unit] = self._heard.steps.get(unit, 0) + n

    def note(self, text: str) -> None:
        with self._lock:
            self._heard.notes.append(text)

    def warn(self, text: str) -> None:
        with self._lock:
            self._heard.warnings.append(text)


class _Steps:
    def __init__(self, ear: Ear, unit: str) -> None:
        self._ear, self._unit = ear, unit

    def advance(self, n: int = 1, **figures: int | float | str) -> None:
        self._ear.step(self._unit, n)
