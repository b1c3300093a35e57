"""The identity of a row: a `pid` column, or the official parts P, T and A (method.md §3.1)."""

from __future__ import annotations

from agreid_cli.attributes.csv_table import CsvTable, Row
from agreid_cli.errors import Problems
from agreid_cli.records.manifest import JUNK_PID
from agreid_cli.records.naming import join_pid
from agreid_cli.records.numbers import parse_pid, whole_number

PARTS = ("p", "t", "a")
PARTS_SHOWN = {"p": "P", "t": "T", "a": "A"}


def has_parts(table: CsvTable) -> bool:
    """Whether the header names P, T and A."""
    return all(part in table.header for part in PARTS)


def require_pid(table: CsvTable, problems: Problems) -> None:
    """Add a problem if the header has neither `pid` nor P, T and A."""
    if "pid" in table.header or has_parts(table):
        return
    found = [part for part in PARTS if part in table.header]
    table.missing({p: PARTS_SHOWN[p] for p in PARTS} if found else {"pid": "pid"}, problems)


def pid_of(table: CsvTable, row: Row, problems: Problems) -> int | None:
    """The pid of a row, None if it is blank or invalid (then a problem is added)."""
    whole = row.cells.get("pid", "")
    joined = _join(table, row, problems) if has_parts(table) else None
    if not whole:
        return joined
    pid = parse_pid(whole)
    if isinstance(pid, str):
        problems.add(table.where(row.line, "pid"), pid)
        return None
    if joined is not None and joined != pid:
        problems.add(table.where(row.line, "pid"), f"{pid} differs from P, T and A, which give {joined}")
    return pid


def _join(table: CsvTable, row: Row, problems: Problems) -> int | None:
    """P‖T‖A of a row; restores leading zeros of T that a spreadsheet has removed."""
    cells = {part: row.cells[part] for part in PARTS}
    if not any(cells.values()):
        return None
    plain = {part: text[1:] if text[:1].casefold() == part else text for part, text in cells.items()}
    p, t, a = (whole_number(plain[part]) for part in PARTS)
    if p == JUNK_PID:
        return JUNK_PID
    wrong = [part for part, n in zip(PARTS, (p, t, a), strict=True) if n is None or not 0 <= n < _LIMIT[part]]
    for part in wrong:
        problems.add(table.where(row.line, part), f"'{cells[part]}' is {_WANTED[part]}")
    if wrong or p is None or t is None or a is None:
        return None
    return join_pid(p, f"{t:05d}", a)


_LIMIT = {"p": 10**12, "t": 10**5, "a": 10}
_WANTED = {
    "p": "not a person number; write digits, or -1 for junk",
    "t": "not a session; write five digits, MMDD and then 0 (morning) or 1 (afternoon), e.g. 04041",
    "a": "not an altitude class; write one digit, e.g. 0",
}
