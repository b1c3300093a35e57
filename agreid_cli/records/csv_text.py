"""The text and the separator of a CSV file saved by any spreadsheet or program.

UTF-8 with or without a byte-order mark, or UTF-16 with one (Excel's "Unicode text"); comma, semicolon, tab or
vertical bar. A first line `sep=;`, as Excel writes it, is skipped. Line numbers are unchanged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from agreid_cli.errors import InputError, MissingError, Problems

SEPARATORS = ",;\t|"
_SEP_LINE = re.compile(r"\s*\"?sep=(\\t|.)\"?[,;\t|]*\s*", re.IGNORECASE)
_SAVE = "save it as 'CSV UTF-8' in the spreadsheet"


@dataclass(frozen=True)
class CsvText:
    """A file's text without its `sep=` line but with the same number of lines, and its separator."""

    text: str
    separator: str


def csv_text(path: Path, problems: Problems) -> CsvText | None:
    """The text of the file; None, with the reasons in `problems`, if it cannot be read as text."""
    text = _text(path, problems)
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        return None
    if found := _SEP_LINE.fullmatch(first):
        return CsvText(text.replace(first, "", 1), found[1].replace("\\t", "\t"))
    return CsvText(text, max(SEPARATORS, key=first.count))


def _text(path: Path, problems: Problems) -> str:
    if not path.is_file():
        raise MissingError(f"{path} is not a file" if path.exists() else f"{path} does not exist")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return _filled(data.decode("utf-16"), path, problems)
        except UnicodeDecodeError:
            problems.add(path.name, f"begins like UTF-16 and is damaged; {_SAVE}")
            return ""
    if b"\0" in data:
        problems.add(path.name, f"contains NUL bytes, so it is not a text file; {_SAVE}")
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
    return "" if wrong else _filled(data.decode("utf-8-sig"), path, problems)


def _filled(text: str, path: Path, problems: Problems) -> str:
    if not text.strip():
        problems.add(path.name, "is empty")
    return text
