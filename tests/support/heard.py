"""A listener that records a stage's messages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from agreid_cli.progress import SILENT, Task


@dataclass
class Heard:
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @contextmanager
    def task(self, label: str, total: int | None, unit: str) -> Iterator[Task]:
        with SILENT.task(label, total, unit) as task:
            yield task

    def note(self, text: str) -> None:
        self.notes.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)
