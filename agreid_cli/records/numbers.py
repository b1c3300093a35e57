"""Parse identities and cameras as people and programs write them."""

from __future__ import annotations

import re

from agreid_cli.records.manifest import JUNK_PID
from agreid_cli.records.naming import join_pid

_WHOLE = re.compile(r"([+-]?[0-9]+)(\.0+)?", re.ASCII)
_OFFICIAL = re.compile(r"P([0-9]+)T([0-9]{5})A([0-9])", re.ASCII | re.IGNORECASE)
_ROUNDED = re.compile(r"[0-9.,]+e\+?[0-9]+", re.IGNORECASE)
_CAMERA = re.compile(r"c(?:am(?:era)?)?[ _-]?([0-9]{1,9})(?:s[0-9]+)?", re.ASCII | re.IGNORECASE)
_INT64_MAX = 2**63 - 1


def whole_number(text: str) -> int | None:
    """The integer in a cell; a spreadsheet's `12.0` is 12.

    >>> whole_number("12.0"), whole_number("-1"), whole_number("1e5"), whole_number("１２")
    (12, -1, None, None)
    """
    found = _WHOLE.fullmatch(text)
    return int(found[1]) if found and len(found[1]) <= 40 else None


def parse_pid(text: str) -> int | str:
    """The pid in a cell, or what is wrong with it."""
    official = _OFFICIAL.fullmatch(text)
    value = join_pid(int(official[1]), official[2], int(official[3])) if official else whole_number(text)
    if value is None and _ROUNDED.fullmatch(text):
        return f"'{text}' has been rounded by a spreadsheet; format the column as text and write all digits"
    if value is None:
        return f"'{text}' is not an integer; write a pid, {JUNK_PID} for junk, or leave it blank"
    if value > _INT64_MAX:
        return f"{text} does not fit 64 bits"
    if value < JUNK_PID:
        return f"{value} is not a valid pid; did you mean {JUNK_PID} (not a person, or junk)?"
    return value


def parse_camid(text: str) -> int | None:
    """The number of a camera, also from the names used by public data sets; None if it is not one.

    >>> [parse_camid(word) for word in ("3", "C0", "Cam13", "camera_2", "c1s4", "gate")]
    [3, 0, 13, 2, 1, None]
    """
    found = _CAMERA.fullmatch(text)
    return int(found[1]) if found else whole_number(text)
