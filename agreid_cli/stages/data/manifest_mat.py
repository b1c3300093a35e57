"""manifest.parquet → the official attribute file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.mat import write_mat
from agreid_cli.attributes.official import official_codebook
from agreid_cli.attributes.words import listed
from agreid_cli.errors import InputError
from agreid_cli.records.manifest import attribute_matrix, codebook_of, read_manifest
from agreid_cli.records.split import read_split
from agreid_cli.records.workspace import Workspace


@dataclass(frozen=True)
class MatResult:
    """The file and the number of identities in its two parts."""

    path: Path
    n_train: int
    n_test: int


def write_manifest_mat(workspace: Workspace, path: Path) -> MatResult:
    """Write the attributes of the manifest's identities: all in `train`, or divided by the split.

    With a split, `train` has its training identities and `test` all others.
    """
    table = read_manifest(workspace.manifest)
    stored = codebook_of(table)
    codebook = Codebook.from_json(stored) if stored else official_codebook()
    if strange := [bit for bit in codebook.bits if bit not in official_codebook().bits]:
        raise InputError(
            f"the official file has no column for: {listed(strange)}",
            hint="Write the format of its own data set with: agreid export-dataset",
        )
    has = table["attr_bits"].is_valid().to_numpy()
    vectors = {
        pid: bits
        for pid, bits, known in zip(table["pid"].to_pylist(), attribute_matrix(table), has, strict=True)
        if known
    }
    if not vectors:
        raise InputError(
            f"{workspace.manifest} has no attributes to write",
            hint="Add them with: agreid build-manifest --attributes FILE",
        )
    train = set(vectors)
    if workspace.split.is_file():
        split = read_split(workspace.split, table)
        chosen = split["crop_id"].filter(pc.equal(split["role"], "train"))
        train = set(
            table["pid"].filter(pc.is_in(table["crop_id"], value_set=chosen.combine_chunks())).to_pylist()
        )
    parts = [{pid: v for pid, v in vectors.items() if (pid in train) is wanted} for wanted in (True, False)]
    write_mat(path, parts[0], parts[1], codebook)
    return MatResult(path, len(parts[0]), len(parts[1]))
