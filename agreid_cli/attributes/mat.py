"""The official attribute file: `qut_attribute` with the structs `train` and `test` (method.md §3.3).

Each struct has `image_index`, the identities as zero-padded digits, and one vector per column with 1 = no
and 2 = yes. Columns are found by name, not by position, because their order differs between files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agreid_cli.attributes.bits import is_one_hot
from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.mat_struct import columns_of, load_parts, save_parts, words
from agreid_cli.attributes.official import official_codebook
from agreid_cli.attributes.words import many, people
from agreid_cli.errors import Problems, did_you_mean

INDEX = "image_index"
NO, YES = 1, 2
_INDEX_LIMIT = 2**63


@dataclass(frozen=True)
class MatAttributes:
    """Per part: pid to bits, uint8 of shape (M,). `notes` are messages for the user."""

    train: dict[int, np.ndarray]
    test: dict[int, np.ndarray]
    notes: list[str]

    @property
    def union(self) -> dict[int, np.ndarray]:
        return {**self.train, **self.test}


def read_mat(path: Path, codebook: Codebook) -> MatAttributes:
    """Read the bits of `codebook` from an official file; `InputError` lists every problem."""
    structs = load_parts(path)
    columns = {part: columns_of(struct) for part, struct in structs.items()}
    problems, notes = (
        Problems(),
        [f"{path} has no {p} part" for p, struct in structs.items() if struct is None],
    )
    _check_names(columns, codebook, problems, notes)
    problems.raise_if_any(
        f"the columns of {path} do not match the codebook: {{n}} problems", hint=_COLUMN_HINT
    )
    parts = {
        part: _vectors(part, found, codebook, problems, notes) if found else {}
        for part, found in columns.items()
    }
    train, test = parts["train"], parts["test"]
    for pid in sorted(set(train) & set(test)):
        if (train[pid] != test[pid]).any():
            problems.add(f"{INDEX} {pid}", "has different attributes in train and test")
    problems.raise_if_any(f"the values of {path} cannot be used: {{n}} problems")
    return MatAttributes(train, test, notes)


def write_mat(
    path: Path, train: Mapping[int, np.ndarray], test: Mapping[int, np.ndarray], codebook: Codebook
) -> None:
    """Write the official file atomically; equal attributes give equal bytes."""
    save_parts(path, {"train": _struct(train, codebook), "test": _struct(test, codebook)})


_COLUMN_HINT = (
    "The file must have one vector per bit, named as in the official file (uppertshirt, bagnothing)."
)


def _struct(vectors: Mapping[int, np.ndarray], codebook: Codebook) -> dict[str, np.ndarray]:
    """Row vectors, as expected by public readers; doubles, because readers compute 2x-3 on them."""
    pids = sorted(vectors)
    bits = np.array([vectors[pid] for pid in pids], dtype=np.uint8).reshape(len(pids), codebook.n_bits)
    if pids and (pids[0] < 0 or not is_one_hot(bits, codebook).all()):
        raise ValueError("attributes must have one bit per group, and pids must not be negative")
    values = np.where(bits == 1, YES, NO).astype(np.float64)
    struct = {name: values[None, :, at] for at, name in enumerate(codebook.bits)}
    return {**struct, INDEX: words([f"{pid:010d}" for pid in pids])}


def _check_names(
    columns: Mapping[str, Mapping[str, list[object]]],
    codebook: Codebook,
    problems: Problems,
    notes: list[str],
) -> None:
    """Check that every column is in train or in test, and that each non-empty part has the index."""
    left_out = set(official_codebook().bits)
    filled = {part: found for part, found in columns.items() if found}
    seen = {name for found in filled.values() for name in found}
    extra = sorted(seen - set(codebook.bits) - left_out - {INDEX})
    missing = [bit for bit in codebook.bits if bit not in seen]
    for bit in missing:
        near = did_you_mean(bit, extra)
        problems.add(f"column {bit}", f"missing{near if near.startswith('; did') else ''}")
    for part, found in filled.items():
        if INDEX not in found:
            problems.add(f"{part}.{INDEX}", f"missing{did_you_mean(INDEX, extra)}")
        alone = [bit for bit in codebook.bits if bit not in found and bit in seen]
        if alone:
            notes.append(f"{part} lacks the columns {', '.join(alone)}; read as no for its identities")
    for name in extra:
        near = did_you_mean(name, codebook.bits)
        if problems.n:
            problems.add(
                f"column {name}", f"is not in the codebook{near if near.startswith('; did') else ''}"
            )
        else:
            notes.append(f"column {name} is not in the codebook and is ignored")


def _vectors(
    part: str, found: Mapping[str, list[object]], codebook: Codebook, problems: Problems, notes: list[str]
) -> dict[int, np.ndarray]:
    """The pids and bits of one struct."""
    n = len(found[INDEX])
    pids = _pids(part, found[INDEX], problems)
    bits = np.zeros((n, codebook.n_bits), dtype=np.uint8)
    for at, name in enumerate(codebook.bits):
        values = found.get(name, [NO] * n)
        if len(values) != n:
            problems.add(f"{part}.{name}", f"has {many(len(values), 'value')} for {people(n)}")
            continue
        strange = sorted({str(value) for value in values if value not in (NO, YES)})
        if strange:
            problems.add(f"{part}.{name}", f"contains {', '.join(strange[:5])}; allowed: 1 = no, 2 = yes")
            continue
        bits[:, at] = [value == YES for value in values]
    if problems.n:
        return {}
    _mend(part, bits, codebook, notes)
    vectors: dict[int, np.ndarray] = {}
    for pid, vector in zip(pids, bits, strict=True):
        if (vectors.setdefault(pid, vector) != vector).any():
            problems.add(f"{part}.{INDEX} {pid}", "occurs twice, with different attributes")
    return vectors


def _pids(part: str, values: list[object], problems: Problems) -> list[int]:
    pids = []
    for value in values:
        text = str(value).strip()
        whole = text.removesuffix(".0") if isinstance(value, float) else text
        if not (whole.isascii() and whole.isdigit() and len(whole) < 20 and int(whole) < _INDEX_LIMIT):
            problems.add(f"{part}.{INDEX}", f"'{text}' is not an identity (digits, e.g. 0000021400)")
            continue
        pids.append(int(whole))
    return pids


def _mend(part: str, bits: np.ndarray, codebook: Codebook, notes: list[str]) -> None:
    """Set a group without exactly one yes to unknown, in place, and count it."""
    right = is_one_hot(bits, codebook)
    ones = np.add.reduceat(bits, codebook.starts, axis=1, dtype=np.int64) if len(bits) else right
    for at, group in enumerate(codebook.groups):
        start, size = codebook.starts[at], codebook.sizes[at]
        wrong = ~right[:, at]
        for how, mask in (("no yes", wrong & (ones[:, at] == 0)), ("several yes", wrong & (ones[:, at] > 1))):
            if mask.any():
                notes.append(f"{part}: {how} in {group.name} for {people(int(mask.sum()))}, read as unknown")
        bits[wrong, start : start + size] = 0
        bits[wrong, start + group.unknown] = 1
