"""Read MOTChallenge text: `frame,id,left,top,width,height[,flag or score,class,visible]`, frames from 1."""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path

import numpy as np

from agreid_cli.errors import InputError, Problems
from agreid_cli.records.mot import MotRows, corners_of

_COLUMNS = ("frame", "id", "left", "top", "width", "height")


def read_truth(
    path: Path, problems: Problems, *, classes: Collection[int] = (1,), min_visible: float = 0.5
) -> MotRows:
    """Ground-truth boxes; those with flag 0, another class, or visibility below `min_visible` are ignored.

    Missing columns do not exclude a box. Problems of the file are added to `problems`.
    """
    rows = _rows(path, problems)
    flag, kind, visible = (_column(rows, at) for at in (6, 7, 8))
    counts = (np.nan_to_num(flag, nan=1) != 0) & (np.nan_to_num(visible, nan=1) >= min_visible)
    counts &= np.isnan(kind) | np.isin(kind, list(classes)) | (kind == -1)
    return _mot_rows(rows, counts)


def read_tracks(path: Path, problems: Problems, *, form: str = "ltwh") -> MotRows:
    """What a tracker found; its scores and classes are not looked at. `form`: one of `records.mot.FORMS`."""
    rows = _rows(path, problems, form)
    return _mot_rows(rows, np.ones(len(rows), bool), form)


def sequences(path: Path) -> dict[str, Path]:
    """Name to file: one file, a folder of `<name>.txt`, or of `<name>/gt/gt.txt` as in MOTChallenge.

    Raises `InputError` if there is no such path, or no such file in it.
    """
    if path.is_file():
        return {path.parent.parent.name if path.name == "gt.txt" else path.stem: path}
    if not path.is_dir():
        raise InputError(f"{path} does not exist")
    found = {file.parent.parent.name: file for file in sorted(path.glob("*/gt/gt.txt"))}
    found |= {file.stem: file for file in sorted(path.glob("*.txt"))}
    if (path / "gt" / "gt.txt").is_file():
        found = {path.resolve().name: path / "gt" / "gt.txt"}
    if not found:
        raise InputError(
            f"{path} contains no tracks",
            hint="Give a file, or a folder with <video>.txt or <video>/gt/gt.txt.",
        )
    return found


def _rows(path: Path, problems: Problems, form: str = "ltwh") -> list[list[float]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problems.add(str(path), getattr(error, "strerror", None) or "is not text")
        return []
    rows: list[list[float]] = []
    seen: dict[tuple[float, float], int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row, what = _row(line, form)
        if not what and (first := seen.setdefault((row[0], row[1]), number)) != number:
            what = f"id {row[1]:.0f} is already in frame {row[0]:.0f}, at line {first}"
        if what:
            problems.add(f"{path}, line {number}", what)
        else:
            rows.append(row)
    return rows


def _row(line: str, form: str = "ltwh") -> tuple[list[float], str]:
    """The numbers of a line, or what is wrong with it.

    >>> _row("1,2,0,0,5,5")[0], _row("1 2 0 0 5 5 1 1 0.5")[0][-1], _row("1,2,0,0,0,5")[1]
    ([1.0, 2.0, 0.0, 0.0, 5.0, 5.0], 0.5, 'width and height must be above 0 (got 0 × 5)')
    """
    words = line.replace(",", " ").split() if "," not in line else [word.strip() for word in line.split(",")]
    if len(words) < len(_COLUMNS):
        return [], f"has {len(words)} columns; required are {', '.join(_COLUMNS)}"
    row = []
    for at, word in enumerate(words[:9]):
        try:
            row.append(float(word))
        except ValueError:
            return [], f"column {at + 1}: '{word}' is not a number"
    if not all(map(math.isfinite, row)):
        return [], "contains a number that is not finite"
    if row[0] < 1 or row[0] % 1:
        return [], f"frames are counted from 1 (got {row[0]:g})"
    if row[1] < 0 or row[1] % 1:
        return [], f"a track id must be an integer of at least 0 (got {row[1]:g})"
    if form == "ltrb" and (row[4] <= row[2] or row[5] <= row[3]):
        return (
            [],
            f"right and bottom must be beyond left and top (got {', '.join(f'{n:g}' for n in row[2:6])})",
        )
    if form != "ltrb" and min(row[4:6]) <= 0:
        return [], f"width and height must be above 0 (got {row[4]:g} × {row[5]:g})"
    return row, ""


def _column(rows: list[list[float]], at: int) -> np.ndarray:
    return np.array([row[at] if len(row) > at else math.nan for row in rows], float)


def _mot_rows(rows: list[list[float]], counts: np.ndarray, form: str = "ltwh") -> MotRows:
    table = np.array([row[:6] for row in rows], float).reshape(-1, 6)
    box = corners_of(table[:, 2:6], form)
    return MotRows(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), box, counts)
