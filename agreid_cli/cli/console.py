"""Output of the program: answers go to stdout, progress and notes to stderr.

Nothing else prints. Rich is imported on first use, so that `--help` loads quickly. Without a terminal,
progress bars become plain lines; Rich itself respects `NO_COLOR`.
"""

from __future__ import annotations

import json as json_module
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from agreid_cli.errors import AgreidError
from agreid_cli.progress import Task

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

PLAIN_EVERY_S = 10.0


class Console:
    """Prints answers and notes; with `json=True` stdout carries one JSON document and nothing else."""

    def __init__(self, *, json: bool = False) -> None:
        self.json = json

    def print(self, text: str) -> None:
        """Print one line of the answer (not under --json)."""
        if not self.json:
            self._console(sys.stdout).print(text, markup=False, highlight=False, soft_wrap=True)

    def data(self, value: Any) -> None:
        """Print the answer as JSON (only under --json)."""
        if self.json:
            sys.stdout.write(json_module.dumps(value, ensure_ascii=False, default=str) + "\n")
            sys.stdout.flush()

    def table(
        self, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, right: Sequence[int] = ()
    ) -> None:
        """Print a table of the answer (not under --json); `right` lists the right-aligned columns."""
        if self.json:
            return
        from rich.markup import escape
        from rich.table import Table

        table = Table(
            title=escape(title), title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0)
        )
        for index, column in enumerate(columns):
            table.add_column(escape(column), justify="right" if index in right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(escape("" if cell is None else str(cell)) for cell in row))
        self._console(sys.stdout).print(table)

    def note(self, text: str) -> None:
        self._aside(text, "")

    def warn(self, text: str) -> None:
        self._aside(f"warning: {text}", "yellow")

    def error(self, error: AgreidError) -> None:
        """Print what is wrong, where, and what to do next; under --json one object on stderr."""
        if self.json:
            places = [{"where": p.where, "what": p.what} for p in error.problems]
            value = {"error": {"message": error.message, "problems": places, "hint": error.hint}}
            sys.stderr.write(json_module.dumps(value, ensure_ascii=False) + "\n")
            return
        self._aside(f"error: {error.message}", "bold red")
        for problem in error.problems:
            self._aside(f"  {problem}", "")
        if error.hint:
            self._aside(error.hint, "cyan")

    @contextmanager
    def task(self, label: str, total: int | None, unit: str) -> Iterator[Task]:
        """Report a running task: a progress bar on a terminal, otherwise a line every few seconds."""
        console = self._console(sys.stderr)
        if not console.is_terminal:
            plain = _PlainTask(self, label, total, unit)
            yield plain
            plain.line()
            return
        from rich import progress as bars

        columns = (
            bars.TextColumn("{task.description}"),
            bars.BarColumn(bar_width=24),
            bars.TextColumn("{task.completed:.0f}/{task.fields[end]} {task.fields[unit]}"),
            bars.TextColumn("{task.fields[rate]}"),
            bars.TimeRemainingColumn(),
            bars.TextColumn("{task.fields[figures]}", style="dim"),
        )
        with bars.Progress(*columns, console=console) as progress:
            end = "?" if total is None else str(total)
            handle = progress.add_task(label, total=total, end=end, unit=unit, rate="", figures="")
            yield _BarTask(progress, handle, unit)

    def _aside(self, text: str, style: str) -> None:
        console = self._console(sys.stderr)
        console.print(text, style=style or None, markup=False, highlight=False, soft_wrap=True)

    @staticmethod
    def _console(stream: Any) -> RichConsole:
        from rich.console import Console as RichConsole

        # A file or a pipe has no width to wrap a table at, and `:x:` in a path is not an emoji.
        wide = None if stream.isatty() or "COLUMNS" in os.environ else 200
        return RichConsole(file=stream, emoji=False, width=wide)


class _BarTask:
    def __init__(self, progress: Any, handle: Any, unit: str) -> None:
        self.progress, self.handle, self.unit = progress, handle, unit

    def advance(self, n: int = 1, **figures: int | float | str) -> None:
        speed = self.progress.tasks[self.progress.task_ids.index(self.handle)].speed
        rate = f"{speed:.1f} {self.unit}/s" if speed else ""
        self.progress.update(self.handle, advance=n, figures=_figures(figures), rate=rate)


class _PlainTask:
    def __init__(self, console: Console, label: str, total: int | None, unit: str) -> None:
        self.console, self.label, self.total, self.unit = console, label, total, unit
        self.done, self.figures = 0, ""
        self.start = self.last = time.monotonic()

    def advance(self, n: int = 1, **figures: int | float | str) -> None:
        self.done += n
        self.figures = _figures(figures)
        if time.monotonic() - self.last >= PLAIN_EVERY_S:
            self.line()

    def line(self) -> None:
        self.last = time.monotonic()
        rate = self.done / max(self.last - self.start, 1e-9)
        of = f"/{self.total}" if self.total is not None else ""
        left = (
            f", {(self.total - self.done) / rate:.0f} s left"
            if self.total and 0 < self.done < self.total
            else ""
        )
        figures = f", {self.figures}" if self.figures else ""
        self.console.note(f"{self.label}: {self.done}{of} {self.unit}, {rate:.1f}/s{left}{figures}")


def _figures(figures: dict[str, int | float | str]) -> str:
    words = (f"{v:.2f} {k}" if isinstance(v, float) else f"{v} {k}" for k, v in figures.items())
    return ", ".join(words)
