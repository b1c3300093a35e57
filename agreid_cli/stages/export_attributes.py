"""The attribute file that belongs to a folder layout."""

from __future__ import annotations

from collections.abc import Mapping, Set
from pathlib import Path

import numpy as np
import pyarrow as pa

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.market import market_codebook, write_market_mat
from agreid_cli.attributes.mat import write_mat
from agreid_cli.attributes.official import official_codebook
from agreid_cli.datasets.ag_reid import MAT_NAME as QUT_MAT
from agreid_cli.datasets.market_1501 import MAT_NAME as MARKET_MAT
from agreid_cli.records.manifest import attribute_matrix, codebook_of

#: kind of attribute file → its codebook, its writer and its name.
KINDS = {
    "qut": (official_codebook, write_mat, QUT_MAT),
    "market": (market_codebook, write_market_mat, MARKET_MAT),
}


def write_attributes(
    folder: Path, kind: str, table: pa.Table, roles: Mapping[str, tuple[str, ...]], crops: Set[str]
) -> tuple[str, list[str]]:
    """Write the attributes of the people on `crops`, where the manifest's are of that kind.

    Returns the file's name, "" when nothing was written, and what there is to say. Groups that the manifest
    leaves out are told as unknown, so that every reader finds all columns.
    """
    has = table["attr_bits"].is_valid().to_numpy()
    if not kind or not has.any():
        return "", []
    make_codebook, write, name = KINDS[kind]
    stored, full = codebook_of(table), make_codebook()
    own = Codebook.from_json(stored) if stored else official_codebook()
    if not set(own.bits) <= set(full.bits):
        return "", [f"the attributes are not those of {name} and are left out"]
    lacking = [group for group in full.groups if group.name not in own.names]
    notes = []
    if lacking:
        words = ", ".join(group.name for group in lacking)
        notes.append(f"{name}: {words} are not in the manifest; told as unknown")
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
