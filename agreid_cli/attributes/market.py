"""The attributes of Market-1501: 27 columns in 12 groups, with a separate codebook.

`market_attribute` has the structs `train` and `test`, like AG-ReID's file. Ten columns are groups with
codes from 1; eight and nine columns of no (1) and yes (2) are the colours of the upper and lower body, of
which at most one is yes. Here each group also gets an unknown bit, for people without a colour or a code.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from agreid_cli.attributes.bits import classes_of
from agreid_cli.attributes.codebook import Codebook, Group
from agreid_cli.attributes.mat import INDEX, NO, YES, MatAttributes
from agreid_cli.attributes.mat_struct import columns_of, load_parts, save_parts, words
from agreid_cli.errors import Problems

TOP = "market_attribute"
#: column → title and the labels of codes 1, 2 …
_CODED: dict[str, tuple[str, str]] = {
    "gender": ("Gender", "male female"),
    "age": ("Age", "young teenager adult old"),
    "hair": ("Hair Length", "short long"),
    "up": ("Sleeve Length", "long short"),
    "down": ("Length of Lower Body Clothing", "long short"),
    "clothes": ("Type of Lower Body Clothing", "dress pants"),
    "hat": ("Hat", "no yes"),
    "backpack": ("Backpack", "no yes"),
    "bag": ("Bag", "no yes"),
    "handbag": ("Handbag", "no yes"),
}
#: group → title, the prefix of its columns, and the colours.
_COLOURS: dict[str, tuple[str, str, str]] = {
    "upcolor": ("Color of Upper Body Clothing", "up", "black white red purple yellow gray blue green"),
    "downcolor": (
        "Color of Lower Body Clothing",
        "down",
        "black white pink purple yellow gray blue green brown",
    ),
}


def market_codebook() -> Codebook:
    """The 12 groups and their 51 bits, including the unknown ones.

    >>> book = market_codebook()
    >>> len(book.groups), book.n_bits, book.groups[1].classes
    (12, 51, ('young', 'teenager', 'adult', 'old', 'unknown'))
    """
    groups = [(name, title, labels) for name, (title, labels) in _CODED.items()]
    groups += [(name, title, labels) for name, (title, _, labels) in _COLOURS.items()]
    return Codebook(tuple(_group(*group) for group in groups))


def read_market_mat(path: Path, codebook: Codebook) -> MatAttributes:
    """Read the published file; `InputError` lists every problem. `codebook` is that of `market_codebook`."""
    problems, notes = Problems(), list[str]()
    parts: dict[str, dict[int, np.ndarray]] = {}
    for part, struct in load_parts(path, TOP).items():
        columns = columns_of(struct) if struct is not None else {}
        if struct is None:
            notes.append(f"{path} has no {part} part")
        parts[part] = _vectors(part, columns, codebook, problems, notes) if columns else {}
    problems.raise_if_any(f"{path}: {{n}} columns or values cannot be used")
    return MatAttributes(parts["train"], parts["test"], notes)


def write_market_mat(
    path: Path, train: Mapping[int, np.ndarray], test: Mapping[int, np.ndarray], codebook: Codebook
) -> None:
    """Write the published format atomically. An unknown code is 0, which the data set does not use."""
    save_parts(path, {"train": _struct(train, codebook), "test": _struct(test, codebook)}, TOP)


def column_names() -> list[str]:
    """The 27 columns."""
    colours = [f"{prefix}{word}" for _, prefix, words in _COLOURS.values() for word in words.split()]
    return [*_CODED, *colours]


def _group(name: str, title: str, labels: str) -> Group:
    told = (*labels.split(), "unknown")
    return Group(name, title, tuple(f"{name}{word}" for word in told), told, tuple(range(len(told))))


def _vectors(
    part: str, columns: Mapping[str, list[Any]], codebook: Codebook, problems: Problems, notes: list[str]
) -> dict[int, np.ndarray]:
    lacking = [name for name in (*column_names(), INDEX) if name not in columns]
    for name in lacking:
        problems.add(f"{part}.{name}", "is missing")
    if lacking:
        return {}
    index = [str(value).strip() for value in columns[INDEX]]
    for word in index:
        if not (word.isascii() and word.isdigit() and int(word) < 2**63):
            problems.add(f"{part}.{INDEX}", f"'{word}' is not an identity (digits, e.g. 0002)")
    for name in column_names():
        if len(columns[name]) != len(index):
            problems.add(f"{part}.{name}", f"has {len(columns[name])} values for {len(index)} identities")
    if problems.n:
        return {}
    classes = np.stack([_classes(part, group, columns, notes) for group in codebook.groups], axis=1)
    bits = np.zeros((len(index), codebook.n_bits), dtype=np.uint8)
    np.put_along_axis(bits, classes + np.array(codebook.starts), 1, axis=1)
    return {int(word): vector for word, vector in zip(index, bits, strict=True)}


def _classes(part: str, group: Group, columns: Mapping[str, list[Any]], notes: list[str]) -> np.ndarray:
    """The index of each person's bit within the group, int64 of shape (n,)."""
    if group.name in _CODED:
        codes = np.asarray(columns[group.name], dtype=np.float64)
        right = (codes >= 1) & (codes <= group.unknown) & (codes == np.floor(codes))
        found = np.where(right, np.nan_to_num(codes) - 1, group.unknown).astype(np.int64)
    else:
        _, prefix, colours = _COLOURS[group.name]
        yes = np.stack([np.asarray(columns[f"{prefix}{c}"]) == YES for c in colours.split()], axis=1)
        right = yes.sum(axis=1) == 1
        found = np.where(right, yes.argmax(axis=1), group.unknown).astype(np.int64)
    if not right.all():
        how = "no valid code" if group.name in _CODED else "no colour or several"
        notes.append(f"{part}: {how} in {group.name} for {int((~right).sum())} identities; read as unknown")
    return found


def _struct(vectors: Mapping[int, np.ndarray], codebook: Codebook) -> dict[str, np.ndarray]:
    pids = sorted(vectors)
    bits = np.array([vectors[pid] for pid in pids], dtype=np.uint8).reshape(len(pids), codebook.n_bits)
    classes = classes_of(bits, codebook)
    columns: dict[str, np.ndarray] = {}
    for group, at in zip(codebook.groups, classes.T, strict=True):
        if group.name in _CODED:
            columns[group.name] = np.where(at == group.unknown, 0, at + 1).astype(np.float64)[None]
            continue
        _, prefix, colours = _COLOURS[group.name]
        for nth, colour in enumerate(colours.split()):
            columns[f"{prefix}{colour}"] = np.where(at == nth, YES, NO).astype(np.float64)[None]
    return {**columns, INDEX: words([f"{pid:04d}" for pid in pids])}
