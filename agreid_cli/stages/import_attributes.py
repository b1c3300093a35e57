"""The attribute file that belongs to a public data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agreid_cli.attributes.bits import known_of
from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.market import market_codebook, read_market_mat
from agreid_cli.attributes.mat import read_mat
from agreid_cli.attributes.official import official_codebook
from agreid_cli.datasets.rows import Dataset
from agreid_cli.datasets.tree import find_file
from agreid_cli.errors import InputError, MissingError
from agreid_cli.progress import Progress

#: kind of attribute file → its codebook and its reader.
KINDS = {"qut": (official_codebook, read_mat), "market": (market_codebook, read_market_mat)}


@dataclass(frozen=True)
class Attributes:
    """The codebook, and pid → (bits, known groups); no pids when there is no file (`path` None)."""

    codebook: Codebook
    path: Path | None
    of_pid: Mapping[int, tuple[np.ndarray, np.ndarray]]


def read_attributes(source: Dataset, root: Path, given: Path | None, progress: Progress) -> Attributes:
    """The file `given`, or the one that lies with the images; a warning when there is none."""
    if given is not None and not given.is_file():
        raise MissingError(f"the attribute file {given} does not exist")
    if given is not None and not source.attribute_files:
        raise InputError(f"{source.title} has no attribute file that agreid reads")
    make_codebook, read = KINDS[source.attribute_kind]
    codebook = make_codebook()
    path = given or find_file(root, source.attribute_files)
    if path is None:
        if source.attribute_files:
            progress.warn(
                f"{source.attribute_files[0]} is not in {root}: the manifest has no attributes. "
                "Put it there, or name it with --attributes."
            )
        return Attributes(codebook, None, {})
    found = read(path, codebook)
    for note in found.notes:
        progress.note(f"{path.name}: {note}")
    return Attributes(
        codebook, path, {pid: (bits, known_of(bits, codebook)) for pid, bits in found.union.items()}
    )
