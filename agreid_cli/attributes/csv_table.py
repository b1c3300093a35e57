"""CSV files as written by people and spreadsheets, with the line number of every row.

Encodings and separators as in `records.csv_text`; any line endings; blank lines are skipped.
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
    fault: str = ""  # why the row is unusable


@dataclass(frozen=True)
class CsvTable:
    """The header of a file as written, by column key, and its rows, including faulty ones."""

    path: Path
    header: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def good_rows(self, problems: Problems) -> Iterator[Row]:
        """The rows in order; a faulty one is skipped and added to `problems` when it is reached."""
        for row in self.rows:
            if row.fault:
                problems.add(self.where(row.line), row.fault)
            else:
                yield row

    def where(self, line: int, key: str = "") -> str:
        """The place of a cell, as used in messages."""
        column = f", column {self.header.get(key, key)}" if key else ""
        return f"{self.path.name}, line {line}{column}"

    def unused(self, known: Collection[str]) -> list[str]:
        """A message that names the columns whose keys are not in `known`, if there are any."""
        names = [name for key, name in self.header.items() if key not in known]
        return [f"{self.path.name}: columns not used: {listed(names, SHOWN)}"] if names else []

    def tell_unused(self, known: Collection[str], problems: Problems) -> None:
        """Add a problem that names the unused columns, one of which may be a misspelt required column."""
        for sentence in self.unused(known):
            problems.add(f"{self.path.name}, line 1", sentence.partition(": ")[2])

    def missing(self, keys: dict[str, str], problems: Problems) -> None:
        """Add a problem for each required column (key to its usual name) missing from the header."""
        unused = [name for key, name in self.header.items() if key not in keys]
        for key, name in keys.items():
            if key not in self.header:
                near = did_you_mean(name, unused)
                said = near if near.startswith("; did") else ""
                problems.add(f"{self.path.name}, line 1, column {name}", f"missing{said}")


def column_key(name: str) -> str:
    """The normalised form of a column name: spellings that differ only in case or separators are equal.

    >>> column_key("Video ID") == column_key("video_id")
    True
    """
    return "".join(ch for ch in name.casefold() if ch.isalnum())


def read_csv(path: Path, problems: Problems) -> CsvTable:
    """Read `path`. A file without a usable header gives no columns; the reasons go to `problems`."""
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
            # What follows an unclosed quote cannot be parsed, so reading ends here.
            fault = f"unbalanced quotes: {error}"
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
            problems.add(f"{path.name}, line {line}, column {name}", "occurs twice")
        header[key or f"({number})"] = name or f"column {number} (no name)"
    return header


def _row(line: int, cells: list[str], header: dict[str, str]) -> Row:
    width = len(header)
    if len(cells) < width or any(cells[width:]):
        return Row(line, {}, f"has {many(len(cells), 'cell')}, but the header has {width}")
    return Row(line, dict(zip(header, cells, strict=False)))
