"""The attribute file of a public data set or of a folder layout."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from agreid_cli.attributes.bits import known_of
from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.market import market_codebook, read_market_mat, write_market_mat
from agreid_cli.attributes.mat import read_mat, write_mat
from agreid_cli.attributes.official import official_codebook
from agreid_cli.datasets.ag_reid import MAT_NAME as QUT_MAT
from agreid_cli.datasets.market_1501 import MAT_NAME as MARKET_MAT
from agreid_cli.datasets.rows import Dataset
from agreid_cli.datasets.tree import find_file
from agreid_cli.errors import InputError, MissingError
from agreid_cli.progress import Progress
from agreid_cli.records.manifest import attribute_matrix, codebook_of

#: kind of attribute file → its codebook and its reader.
READERS = {"qut": (official_codebook, read_mat), "market": (market_codebook, read_market_mat)}


@dataclass(frozen=True)
class Attributes:
    """The codebook, and pid → (bits, known groups); no pids if there is no file (`path` None)."""

    codebook: Codebook
    path: Path | None
    of_pid: Mapping[int, tuple[np.ndarray, np.ndarray]]


def read_attributes(source: Dataset, root: Path, given: Path | None, progress: Progress) -> Attributes:
    """The file `given`, or the one beside the images; a warning if there is none."""
    if given is not None and not given.is_file():
        raise MissingError(f"the attribute file {given} does not exist")
    if given is not None and not source.attribute_files:
        raise InputError(f"agreid reads no attribute file for {source.title}")
    make_codebook, read = READERS[source.attribute_kind]
    codebook = make_codebook()
    path = given or find_file(root, source.attribute_files)
    if path is None:
        if source.attribute_files:
            progress.warn(
                f"{source.attribute_files[0]} is not in {root}: the manifest has no attributes. "
                "Put it there, or give it with --attributes."
            )
        return Attributes(codebook, None, {})
    found = read(path, codebook)
    for note in found.notes:
        progress.note(f"{path.name}: {note}")
    return Attributes(
        codebook, path, {pid: (bits, known_of(bits, codebook)) for pid, bits in found.union.items()}
    )


#: kind of attribute file → its codebook, its writer and its name.
WRITERS = {
    "qut": (official_codebook, write_mat, QUT_MAT),
    "market": (market_codebook, write_market_mat, MARKET_MAT),
}


def write_attributes(
    folder: Path, kind: str, table: pa.Table, roles: Mapping[str, tuple[str, ...]], crops: Set[str]
) -> tuple[str, list[str]]:
    """Write the attributes of the people on `crops`, if the manifest has attributes of that kind.

    Returns the file's name ("" if nothing was written) and notes. Groups that the manifest
    leaves out are written as unknown, so that every reader finds all columns.
    """
    has = table["attr_bits"].is_valid().to_numpy()
    if not kind or not has.any():
        return "", []
    make_codebook, write, name = WRITERS[kind]
    stored, full = codebook_of(table), make_codebook()
    own = Codebook.from_json(stored) if stored else official_codebook()
    if not set(own.bits) <= set(full.bits):
        return "", [f"the attributes are not those of {name} and are left out"]
    lacking = [group for group in full.groups if group.name not in own.names]
    notes = []
    if lacking:
        words = ", ".join(group.name for group in lacking)
        notes.append(f"{name}: {words} are not in the manifest; written as unknown")
    blank = np.zeros(full.n_bits, np.uint8)
    blank[[full.bits.index(group.bits[group.unknown]) for group in lacking]] = 1
    columns = [full.bits.index(bit) for bit in own.bits]
    parts: dict[bool, dict[int, np.ndarray]] = {True: {}, False: {}}
    for crop, pid, bits, known in zip(
        table["crop_id"].to_pylist(), table["pid"].to_pylist(), attribute_matrix(table), has, strict=True
    ):
        part = parts["train" in roles.get(crop, ())]
        if known and crop in crops and pid not in part:
            part[pid] = blank.copy()
            part[pid][columns] = bits
    write(folder / name, parts[True], parts[False], full)
    return name, notes
