"""Columns of embedding files of other programs: identities, cameras, names, yes and no."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.errors import Problems
from agreid_cli.records.numbers import parse_camid, parse_pid

_YES, _NO = ("1", "true", "yes", "y", "t"), ("0", "false", "no", "n", "f", "", "nan", "none")
_BEHIND = re.compile(r"(.*?[A-Za-z].*?)[_\-. ]?([0-9]{1,18})", re.ASCII)


def words(values: Any) -> list[str | None]:
    """Text, None if a cell is empty; cells of a .mat file are arrays with one element."""
    return [
        None if (text := _text(value)) is None or not text.strip() else text.strip()
        for value in _flat(values)
    ]


def whole(values: Any, kind: str, where: str, problems: Problems) -> tuple[npt.NDArray[np.int64], str]:
    """A column of `pid` or `camid` as int64, and the name before its numbers ("" for none).

    Words are the official `P0001T02140A0` and `C0`, or a name with a number behind it, if it is the same name
    in every row (`market1501_12`). Every row that is none of these is a problem.
    """
    flat = np.asarray(values).ravel() if not isinstance(values, list) else np.asarray(values, dtype=object)
    if flat.dtype.kind in "iu":
        return flat.astype(np.int64), ""
    parse = _PARSERS[kind]
    found = np.zeros(len(flat), np.int64)
    wrong: list[tuple[int, Any]] = []
    for row, value in enumerate(flat.tolist()):
        number = _number(value, parse)
        if number is None or not -(2**63) <= number < 2**63:
            wrong.append((row, value))
        else:
            found[row] = number
    if not wrong:
        return found, ""
    if name := _numbers_behind(flat.tolist(), found):
        return found, name
    for row, value in wrong:
        said = _text(value)
        shown = value if not isinstance(value, np.ndarray | bytes) else said
        problems.add(where, f"row {row + 1} is {shown!r}, not an integer", kind="not an integer")
    return found, ""


def flags(values: Any, where: str, problems: Problems) -> list[bool]:
    """A column of yes and no: booleans, 0 and 1, or words; an empty cell is no."""
    found = []
    for row, value in enumerate(_flat(values)):
        word = (_text(value) or "").strip().lower().removesuffix(".0")
        found.append(word in _YES)
        if word not in (*_YES, *_NO):
            problems.add(
                where, f"row {row + 1} is {_text(value)!r}, neither yes nor no", kind="neither yes nor no"
            )
    return found


def _flat(values: Any) -> list[Any]:
    flat: list[Any] = values if isinstance(values, list) else np.asarray(values).ravel().tolist()
    return flat


def _text(value: Any) -> str | None:
    value = value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return None if value is None else str(value)


def _number(value: Any, parse: Callable[[str], int | None]) -> int | None:
    value = value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
    if isinstance(value, str | bytes):
        return parse((_text(value) or "").strip())
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number == value else None


def _pid(text: str) -> int | None:
    found = parse_pid(text)
    if isinstance(found, int):
        return found
    try:
        return int(text)  # below -1: checked later
    except ValueError:
        return None


_PARSERS: dict[str, Callable[[str], int | None]] = {"pid": _pid, "camid": parse_camid}


def _numbers_behind(values: list[Any], found: npt.NDArray[np.int64]) -> str:
    """Fill in the numbers after one common name and return the name; "" if there is none."""
    names: set[str] = set()
    for row, value in enumerate(values):
        match = _BEHIND.fullmatch((_text(value) or "").strip())
        if match is None or len(names | {match[1]}) > 1:
            return ""
        names.add(match[1])
        found[row] = int(match[2])
    return next(iter(names), "")
