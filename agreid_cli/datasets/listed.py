"""Images that a publisher's list names, for data sets whose roles are in lists and not in folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from agreid_cli.datasets.rows import TRAIN, Row
from agreid_cli.datasets.tree import find_file, named_row, printable, read_lines
from agreid_cli.errors import Problem


@dataclass(frozen=True)
class Entry:
    """One line of a list: its place, the image relative to the root, its role, and the rest of the line."""

    place: str
    path: str
    role: str
    rest: str = ""


#: A line, stripped, and its place → the entry, a problem, or None for a line without an image.
Interpret = Callable[[str, str], "Entry | Problem | None"]


def entries_of(root: Path, lists: Mapping[str, Interpret]) -> Iterator[Entry | Problem]:
    """The entries of the lists in `root` or beside it, in order."""
    for name, interpret in lists.items():
        file = find_file(root, (name,))
        for number, line in enumerate(read_lines(file) if file else (), 1):
            text = line.strip().replace("\\", "/").removeprefix("./")
            found = interpret(text, f"{name}, line {number}") if text else None
            if found is not None:
                yield found


def roles_by_folder(direction: str) -> Interpret:
    """Lines that are a path; its first folder tells query from gallery."""

    def interpret(line: str, place: str) -> Entry:
        part = "query" if line.startswith("query") else "gallery"
        return Entry(place, line, f"{part}:{direction}")

    return interpret


def listed_rows(
    root: Path, entries: Iterator[Entry | Problem], parse: Callable[[str], Row | None], grammar: str
) -> Iterator[Row | Problem]:
    """A row for each image that is named, with all its roles; a problem for every unusable line.

    An image that is both query and gallery of one direction, or trained on and tested, is a problem.
    """
    rows: dict[str, Row] = {}
    bad: set[str] = set()
    for entry in entries:
        if isinstance(entry, Problem):
            yield entry
            continue
        if entry.path in bad:
            continue
        row = rows.get(entry.path)
        if row is None:
            made = _first(root, entry, parse, grammar)
            if isinstance(made, Problem):
                bad.add(entry.path)
                yield made
            else:
                rows[entry.path] = made
        elif clash := next((role for role in row.roles if _excludes(role, entry.role)), ""):
            yield Problem(entry.place, f"{entry.path} is {entry.role} here and {clash} before")
        elif entry.role not in row.roles:
            rows[entry.path] = replace(row, roles=(*row.roles, entry.role))
    yield from rows.values()


def _first(root: Path, entry: Entry, parse: Callable[[str], Row | None], grammar: str) -> Row | Problem:
    if "\0" in entry.path or not (root / entry.path).exists():
        return Problem(entry.place, f"{printable(entry.path)} does not exist")
    if not (root / entry.path).is_file():
        return Problem(entry.place, f"{printable(entry.path)} is not a regular file")
    return named_row(entry.path, (entry.role,), parse, grammar)


def _excludes(one: str, other: str) -> bool:
    """Whether an image cannot have both roles.

    >>> _excludes("query:a2g", "gallery:a2g"), _excludes("query:a2g", "gallery:g2a")
    (True, False)
    """
    if one == other:
        return False
    return TRAIN in (one, other) or one.partition(":")[2] == other.partition(":")[2]
