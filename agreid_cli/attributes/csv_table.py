"""Comma-separated files as people and spreadsheets write them, with the line of every row.

Any encoding and separator of `records.csv_text`; any line ends; blank lines are skipped.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agreid_cli.attributes.words import listed, many
from agreid_cli.errors import SHOWN, Problems, did_you_mean
from agreid_cli.records.csv_text import csv_text


@dataclass(frozen=True)
class Row:
    """One row: its line in the file (the header is line 1) and its cells by column key."""

    line: int
    cells: dict[str, str]
    fault: str = ""  # what makes the row unusable


@dataclass(frozen=True)
class CsvTable:
    """A file's header as written, by column key, and its rows, the faulty ones among them."""

    path: Path
    header: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def good_rows(self, problems: Problems) -> Iterator[Row]:
        """The rows in order; a faulty one is left out and added to `problems` when its turn comes."""
        for row in self.rows:
            if row.fault:
                problems.add(self.where(row.line), row.fault)
            else:
                yield row

    def where(self, line: int, key: str = "") -> str:
        """The place of a cell, as it is named in messages."""
        column = f", column {self.header.get(key, key)}" if key else ""
        return f"{self.path.name}, line {line}{column}"

    def unused(self, known: Collection[str]) -> list[str]:
        """A sentence that names the columns whose keys are not `known`, if there are any."""
        names = [name for key, name in self.header.items() if key not in known]
        return [f"{self.path.name}: columns not used: {listed(names, SHOWN)}"] if names else []

    def tell_unused(self, known: Collection[str], problems: Problems) -> None:
        """Beside what is missing: the columns that nobody has asked for, among which it may be."""
        for sentence in self.unused(known):
            problems.add(f"{self.path.name}, line 1", sentence.partition(": ")[2])

    def missing(self, keys: dict[str, str], problems: Problems) -> None:
        """Add a problem for each wanted column (key to its usual name) that the header lacks."""
        unused = [name for key, name in self.header.items() if key not in keys]
        for key, name in keys.items():
            if key not in self.header:
                near = did_you_mean(name, unused)
                said = near if near.startswith("; did") else ""
                problems.add(f"{self.path.name}, line 1, column {name}", f"missing{said}")


def column_key(name: str) -> str:
    """What the spellings of a column's name have in common.

    >>> column_key("Video ID") == column_key("video_id")
    True
    """
    return "".join(ch for ch in name.casefold() if ch.isalnum())


def read_csv(path: Path, problems: Problems) -> CsvTable:
    """Read `path`. A file without a usable header gives no columns, and the reasons go to `problems`."""
    found = csv_text(path, problems)
    if found is None:
        return CsvTable(path)
    reader = csv.reader(io.StringIO(found.text, newline=""), delimiter=found.separator, strict=True)
    table: CsvTable | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            break
        except csv.Error as error:
            # What follows a broken quote cannot be told apart, so that reading ends here.
            fault = f"the quotes do not fit: {error}"
            if table is None:
                problems.add(f"{path.name}, line {line}", fault)
                return CsvTable(path)
            table.rows.append(Row(line, {}, fault))
            break
        if not any(cells):
            continue
        if table is None:
            table = CsvTable(path, _header(path, cells, line, problems))
        else:
            table.rows.append(_row(line, cells, table.header))
    if table is None:
        problems.add(path.name, "has no header, only empty cells")
    return table or CsvTable(path)


def _header(path: Path, cells: list[str], line: int, problems: Problems) -> dict[str, str]:
    while not cells[-1]:
        cells.pop()
    header: dict[str, str] = {}
    for number, name in enumerate(cells, 1):
        key = column_key(name)
        if key in header:
            problems.add(f"{path.name}, line {line}, column {name}", "stands twice")
        header[key or f"({number})"] = name or f"column {number} (no name)"
    return header


def _row(line: int, cells: list[str], header: dict[str, str]) -> Row:
    width = len(header)
    if len(cells) < width or any(cells[width:]):
        return Row(line, {}, f"has {many(len(cells), 'cell')}, the header has {width}")
    return Row(line, dict(zip(header, cells, strict=False)))
