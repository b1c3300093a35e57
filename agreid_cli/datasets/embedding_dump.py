"""A dump of arrays by name → parts. Unused arrays are named.

A dump has two groups of arrays (`query_f`, `q_pids`, `gallery_cam` …) or one group for all rows
(`features`, `pids`, `camids`), perhaps with a column of roles or the number of queries that come first; or
the distances of all queries to the gallery (`distmat`) with the labels of both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.datasets import embedding_values as values_of
from agreid_cli.datasets.embedding_keys import COLUMNS, Place, place, surest
from agreid_cli.datasets.embedding_roles import Roles, from_flags, from_words
from agreid_cli.errors import InputError, Problems, did_you_mean
from agreid_cli.records.embeddings import Part

SIDES = ("query", "gallery")
MATRICES = ("distance", "similarity")
TELL_ROLES = ("role", "is_query", "is_gallery")
#: pid or camid → the quoted names before its numbers.
_NamesBefore = dict[str, set[str]]


def unpack(dump: Mapping[str, Any], file: str, others: Sequence[str] = ()) -> list[Part]:
    """The parts of a dump; `others` are further names in the file, whose arrays were not read.

    `InputError` lists the names that are missing and the shapes that do not fit.
    """
    chosen, spare = _chosen(dump)
    groups = [role for role in (None, "mquery", *SIDES) if (role, "embedding") in chosen]
    if set(SIDES) <= set(groups) and None in groups:
        groups.remove(None)
    matrix = next((chosen[None, kind] for kind in MATRICES if (None, kind) in chosen), None)
    if not groups and matrix is None:
        known = ("query_f", "gallery_f", "features")
        near = did_you_mean(str(next(iter(dump), "")), known) if dump else ""
        shown = _listed([*map(str, dump), *others]) or "none"
        raise InputError(f"{file} contains no embeddings: its arrays are {shown}{near}", hint=_expected())
    problems = Problems()
    parts: list[Part] = []
    used: set[str] = set()
    before: _NamesBefore = defaultdict(set)
    for role in groups:
        mine = {column: name for (of, column), name in chosen.items() if of == role}
        found, taken = _parts({c: dump[name] for c, name in mine.items()}, mine, role, file, before, problems)
        parts += found
        used |= taken
    if not groups and matrix is not None:
        parts, used = _of_matrix(dump, chosen, matrix, file, before, problems)
    for column, names in before.items():  # numbers behind the names of two data sets are different people
        if len(names) > 1:
            problems.add(file, f"{column} has the names {' and '.join(sorted(names))}")
    problems.raise_if_any(f"{file} cannot be used", hint=_expected())
    idle = [*(str(name) for name in dump if name not in used), *others]
    if idle and parts:
        text = f"{file}: not used: {_listed(idle)}{_why(spare, idle)}"
        parts[0] = replace(parts[0], notes=(text, *parts[0].notes))
    return parts


def _chosen(dump: Mapping[str, Any]) -> tuple[dict[Place, str], dict[str, str]]:
    """(role, column) → the name that is taken; and unused name → the name used instead."""
    names: dict[Place, list[str]] = {}
    for name, value in dump.items():
        if found := place(str(name), _axes(value)):
            names.setdefault(found, []).append(name)
    ordered = {found: surest(of) for found, of in names.items()}
    second = {name: of[0] for of in ordered.values() for name in of[1:]}
    return {found: of[0] for found, of in ordered.items()}, second


def _axes(value: Any) -> int:
    if isinstance(value, list | tuple):  # perhaps of different lengths
        return 1 + (_axes(value[0]) if value else 0)
    return int(getattr(value, "ndim", 0))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _why(second: Mapping[str, str], idle: Iterable[str]) -> str:
    pairs = [f"{second[name]} is used instead of {name}" for name in idle if name in second]
    return f" ({', '.join(pairs)})" if pairs else ""


def _parts(
    values: dict[str, Any],
    names: dict[str, str],
    role: str | None,
    file: str,
    before: _NamesBefore,
    problems: Problems,
) -> tuple[list[Part], set[str]]:
    """The part of one group, or two if rows are on both sides; and the names that were used."""
    features = np.asanyarray(values["embedding"])  # a memory map stays one
    array = names["embedding"]
    notes: list[str] = []
    if features.ndim > 2 and 0 not in features.shape:
        shape = "×".join(map(str, features.shape))
        features = features.reshape(len(features), -1)
        notes.append(
            f"{file}, {array}: {shape} is read as {features.shape[1]} values per crop, all parts concatenated"
        )
    if features.ndim != 2 or features.dtype.kind not in "fiu" or 0 in features.shape:
        shape = "×".join(map(str, features.shape))
        problems.add(f"{file}, {array}", f"is {shape} of {features.dtype}, not crops × values")
        return [], set()
    faults = problems.n
    columns, told = _columns(values, names, file, len(features), array, before, problems)
    if problems.n > faults:
        return [], set()
    used = {array, *(names[column] for column in columns if column not in TELL_ROLES)}
    flags = {column: columns.pop(column, None) for column in ("is_query", "is_gallery")}
    roles = Roles(None, [])
    if role is None:
        roles, by = _roles(columns, flags, values, names, len(features))
        used |= by
    columns.pop("role", None)
    notes += [*told, *(f"{file}: {note}" for note in roles.notes)]
    part = Part(file=file, features=as_float(features), array=array, notes=tuple(notes), **columns)
    if role is not None:
        return [replace(part, role=[role] * len(part))], used
    if roles.kept is not None:
        return [part.take(roles.kept)], used
    if roles.role is not None:
        part = replace(part, role=roles.role)
    if not roles.both:
        return [part], used
    twin = replace(part.take(roles.both), role=["gallery"] * len(roles.both), notes=())
    return [part, twin], used


def _roles(
    columns: Mapping[str, Any],
    flags: Mapping[str, Any],
    values: Mapping[str, Any],
    names: Mapping[str, str],
    n: int,
) -> tuple[Roles, set[str]]:
    """Roles from the first of: a column of words, columns of yes and no, a number of queries."""
    found, by = Roles(None, []), set[str]()
    if "role" in columns:
        found, by = from_words(columns["role"], names["role"]), {names["role"]}
    if found.role is None and any(flags.values()):
        named = {names[column] for column, flag in flags.items() if flag is not None}
        told = from_flags(flags["is_query"], flags["is_gallery"], ", ".join(sorted(named)))
        return Roles(told.role, told.both, None, told.notes), by | named
    if found.role is None and found.kept is None and "num_query" in values:
        first = int(np.asarray(values["num_query"]).ravel()[0])
        role: list[str | None] = ["query" if row < first else "gallery" for row in range(n)]
        return Roles(role, [], None, found.notes), by | {names["num_query"]}
    return found, by


def _columns(
    values: Mapping[str, Any],
    names: Mapping[str, str],
    file: str,
    n: int,
    array: str,
    before: _NamesBefore,
    problems: Problems,
) -> tuple[dict[str, Any], list[str]]:
    """The columns of a group as lists or arrays of `n`, and remarks."""
    columns: dict[str, Any] = {}
    notes = []
    for column in COLUMNS:
        if column not in values:
            continue
        where = f"{file}, {names[column]}"
        found: Any
        if column in ("pid", "camid"):
            found, name = values_of.whole(values[column], column, where, problems)
            if name:
                before[column].add(f"'{name}'")
                notes.append(f"{where}: {column} is read as the number behind '{name}'")
        elif column.startswith("is_"):
            found = values_of.flags(values[column], where, problems)
        else:
            found = values_of.words(values[column])
        if column == "platform":
            found = [word and word.lower() for word in found]
        if len(found) != n:
            problems.add(where, f"has {len(found)} rows, but {array} has {n}")
        else:
            columns[column] = found
    return columns, notes


def _of_matrix(
    dump: Mapping[str, Any],
    chosen: Mapping[Place, str],
    name: str,
    file: str,
    before: _NamesBefore,
    problems: Problems,
) -> tuple[list[Part], set[str]]:
    """Two parts without vectors, the first with the distances between them."""
    matrix = np.asanyarray(dump[name])
    is_similarity = chosen.get((None, "similarity")) == name
    where = f"{file}, {name}"
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiu" or 0 in matrix.shape:
        shape = "×".join(map(str, matrix.shape))
        problems.add(where, f"is {shape} of {matrix.dtype}, not queries × gallery crops")
        return [], set()
    parts: list[Part] = []
    used = {name}
    for role, size in zip(SIDES, matrix.shape, strict=True):
        mine = {column: held for (of, column), held in chosen.items() if of == role and column in COLUMNS}
        axis = f"the {'rows' if role == 'query' else 'columns'} of {name}"
        told = {column: dump[held] for column, held in mine.items() if column not in TELL_ROLES}
        columns, notes = _columns(told, mine, file, size, axis, before, problems)
        used |= {mine[column] for column in columns}
        empty = np.empty((size, 0), np.float32)
        parts.append(Part(file, empty, name, role=[role] * size, notes=tuple(notes), **columns))
    said = "similarities, ranked from high to low" if is_similarity else "distances"
    note = f"{where}: ranked by these {said}; the metric is not used"
    distances = as_float(matrix)
    parts[0] = replace(
        parts[0], distances=-distances if is_similarity else distances, notes=(note, *parts[0].notes)
    )
    return parts, used


def as_float(features: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """float32 in memory; a memory-mapped file of floats stays unchanged."""
    if isinstance(features, np.memmap) and features.dtype.kind == "f":
        return features
    with np.errstate(over="ignore"):  # what overflows is named as not finite later
        return features.astype(np.float32, copy=False)


def _expected() -> str:
    return (
        "Expected: query_f, gallery_f, query_pid, gallery_pid, query_camid, gallery_camid "
        "(and query_platform, gallery_platform, query_crop_id, gallery_crop_id where known)"
    )
