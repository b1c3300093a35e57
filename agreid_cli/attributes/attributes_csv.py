"""`attributes.csv`: the attributes of each identity, one row per identity.

One column per group, under the group's name, its official title or the name used in a sister data set, in
any order; a cell contains a label or its integer code; blank means unknown. A row without any label is
not annotated yet. The identity is `pid`, or `id` if there is no pid (as in AG-VPReID).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from agreid_cli.attributes.bits import bits_of
from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.csv_table import CsvTable, Row, column_key, read_csv
from agreid_cli.attributes.labels import class_of, label_of, label_problem
from agreid_cli.attributes.official import official_codebook
from agreid_cli.attributes.pids import PARTS, has_parts, pid_of, require_pid
from agreid_cli.attributes.words import many, people
from agreid_cli.errors import Problems
from agreid_cli.records.manifest import JUNK_PID

#: Columns that the template writes for information only.
HELPERS = ("crops", "example")
#: Names for the identity in other tables, if no column is called pid.
PID_WORDS = ("id", "personid", "identity")
#: Names for a group in other tables, besides its name and its title.
_ALSO: dict[str, tuple[str, ...]] = {
    "feet": ("footwear", "shoes"),
    "moustache": ("mustache",),
    "head": ("headwear",),
    "upper": ("upper_body", "upper_clothing"),
    "lower": ("lower_body", "lower_clothing"),
}


@dataclass(frozen=True)
class AttributeRows:
    """pid to bits, uint8 of shape (M,); `notes` are messages for the user.

    `labels` has every row, including those without labels: pid to group name to the official label, "" for a
    blank cell. Unlike bits, it distinguishes the nine age bands, and "unknown" from "not annotated yet".
    """

    bits: dict[int, np.ndarray]
    notes: list[str]
    labels: dict[int, dict[str, str]] = field(default_factory=dict)


def read_attributes(path: Path, codebook: Codebook, problems: Problems) -> AttributeRows:
    """Read the file; every invalid row and label is added to `problems`."""
    before = problems.n
    table = _with_pid(read_csv(path, problems))
    if not table.header:
        return AttributeRows({}, [])
    require_pid(table, problems)
    key_of = _group_columns(table, codebook, problems)
    if problems.n > before:
        return AttributeRows({}, [])
    notes = _unused(table, codebook)
    first_line: dict[int, int] = {}
    memos: dict[str, _Memo] = {group.name: {} for group in codebook.groups}
    bits: dict[int, np.ndarray] = {}
    labels: dict[int, dict[str, str]] = {}
    blank_cells = blank_rows = 0
    for row in table.good_rows(problems):
        pid = _identity(table, row, key_of, problems)
        faults = problems.n
        classes = _classes(table, row, codebook, key_of, memos, problems)
        if pid is None:
            continue
        if pid in first_line:
            what = f"identity {pid} is already in line {first_line[pid]}"
            problems.add(table.where(row.line), what, kind="duplicate identities")
            continue
        first_line[pid] = row.line
        if problems.n == faults:
            labels[pid] = {name: memos[name][row.cells[key]][1] for name, key in key_of.items()}
        blank = sum(not row.cells[key] for key in key_of.values())
        if blank == len(key_of):
            blank_rows += 1
            continue
        blank_cells += blank
        bits[pid] = bits_of(np.array(classes), codebook)
    if blank_cells:
        notes.append(f"{path.name}: {many(blank_cells, 'blank label')}, read as unknown")
    if blank_rows:
        notes.append(f"{path.name}: no label yet for {people(blank_rows)}, so no attributes")
    return AttributeRows(bits, notes, labels)


def _group_columns(table: CsvTable, codebook: Codebook, problems: Problems) -> dict[str, str]:
    """Group name to the key of its column; a missing column is a problem."""
    found = {}
    missing = {}
    taken = {"pid", *PARTS, *HELPERS}
    for group in codebook.groups:
        here = [key for key in _keys(group.name, group.title) if key in table.header]
        if len(here) > 1:
            names = " and ".join(table.header[key] for key in here)
            problems.add(f"{table.path.name}, line 1", f"{names} are two columns for one attribute")
        taken.update(here)
        if here:
            found[group.name] = here[0]
        else:
            missing[column_key(group.name)] = group.name
    rest = CsvTable(table.path, {k: n for k, n in table.header.items() if k not in taken})
    rest.missing(missing, problems)
    if missing:
        rest.tell_unused((), problems)
    return found


def _keys(name: str, title: str) -> list[str]:
    words = [name, title, title.replace("Color", "Colour"), title.removesuffix("s"), *_ALSO.get(name, ())]
    return list(dict.fromkeys(column_key(word) for word in words))


def _unused(table: CsvTable, codebook: Codebook) -> list[str]:
    """A note on the columns that match no group, left out or not."""
    groups = {*official_codebook().groups, *codebook.groups}
    known = {key for group in groups for key in _keys(group.name, group.title)}
    return table.unused({*known, "pid", *PARTS, *HELPERS})


def _with_pid(table: CsvTable) -> CsvTable:
    """The table with the identity column under the key `pid`, whatever its name."""
    other = next((word for word in PID_WORDS if word in table.header), None)
    if other is None or "pid" in table.header or has_parts(table):
        return table
    header = {"pid" if key == other else key: name for key, name in table.header.items()}
    rows = [
        Row(row.line, {"pid" if key == other else key: cell for key, cell in row.cells.items()}, row.fault)
        for row in table.rows
    ]
    return CsvTable(table.path, header, rows)


def _identity(table: CsvTable, row: Row, key_of: dict[str, str], problems: Problems) -> int | None:
    before = problems.n
    pid = pid_of(table, row, problems)
    if pid is None and problems.n == before and any(row.cells[key] for key in key_of.values()):
        problems.add(table.where(row.line, "pid"), "is blank, but the row has labels")
    if pid == JUNK_PID:
        problems.add(
            table.where(row.line, "pid"), f"{JUNK_PID} is junk and has no attributes; remove the row"
        )
        return None
    return pid


_Memo = dict[str, tuple[int, str]]  # a cell that was understood → its class and its official label


def _classes(
    table: CsvTable,
    row: Row,
    codebook: Codebook,
    key_of: dict[str, str],
    memos: dict[str, _Memo],
    problems: Problems,
) -> list[int]:
    classes = []
    for group in codebook.groups:
        key = key_of[group.name]
        text, memo = row.cells[key], memos[group.name]
        if text in memo:
            classes.append(memo[text][0])
            continue
        found = class_of(text, group)
        if found is not None:
            memo[text] = found, label_of(text, group)
        else:
            problems.add(
                table.where(row.line, key), partial(label_problem, text, group), kind="invalid label"
            )
        classes.append(group.unknown if found is None else found)
    return classes
