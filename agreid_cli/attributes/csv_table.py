"""Comma-separated files as people and spreadsheets write them, with the line of every row.

UTF-8 with or without a byte-order mark; comma, semicolon or tab; any line ends; blank lines are skipped.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agreid_cli.attributes.words import many
from agreid_cli.errors import InputError, MissingError, Problems, did_you_mean

SEPARATORS = ",;\t"


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
    text = _text(path, problems)
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        return CsvTable(path)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=max(SEPARATORS, key=first.count), strict=True
    )
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
        if not key:
            problems.add(f"{path.name}, line {line}, column {number}", "has no name")
        elif key in header:
            problems.add(f"{path.name}, line {line}, column {name}", "stands twice")
        header[key or f"({number})"] = name
    return header


def _row(line: int, cells: list[str], header: dict[str, str]) -> Row:
    width = len(header)
    if len(cells) < width or any(cells[width:]):
        return Row(line, {}, f"has {many(len(cells), 'cell')}, the header has {width}")
    return Row(line, dict(zip(header, cells, strict=False)))


def _text(path: Path, problems: Problems) -> str:
    """The text of the file; empty, with the reasons in `problems`, when it has none."""
    if not path.is_file():
        raise MissingError(f"{path} is no file" if path.exists() else f"{path} does not exist")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.add(path.name, f"is UTF-16, not UTF-8; {_SAVE}")
        return ""
    if b"\0" in data:
        problems.add(path.name, f"holds zero bytes, so it is no text file; {_SAVE}")
        return ""
    wrong = False
    for number, line in enumerate(data.splitlines(), 1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            said = "" if wrong else f"; {_SAVE}"
            near = line[max(0, error.start - 12) : error.start + 12].decode("latin-1")
            problems.add(
                f"{path.name}, line {number}", f"byte {error.start + 1} is not UTF-8, in '{near}'{said}"
            )
            wrong = True
    text = "" if wrong else data.decode("utf-8-sig")
    if not wrong and not text.strip():
        problems.add(path.name, "is empty; write a fresh one with: agreid build-manifest --template")
    return text


_SAVE = "save it as 'CSV UTF-8' in the spreadsheet"
