"""The attribute bits of the explainable stream, and the codebook of a manifest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.official import official_codebook
from agreid_cli.errors import InputError
from agreid_cli.records.manifest import codebook_of


@dataclass(frozen=True)
class Bits:
    """The attribute bits of a stream: a codebook, and the indices of its bits in the manifest."""

    codebook: Codebook
    columns: tuple[int, ...]  # M, into the manifest's bits

    @classmethod
    def of(cls, stored: Codebook, exclude: Sequence[str]) -> Bits:
        """The manifest's codebook without the named groups; `InputError` for an unknown group."""
        gone = [name for name in exclude if name in stored.names or name.strip()]
        codebook = stored.excluding(gone) if gone else stored
        return cls(codebook, tuple(stored.bits.index(bit) for bit in codebook.bits))

    def take(self, attrs: np.ndarray) -> np.ndarray:
        """Select the bits of this codebook from the manifest's: uint8 (n, all) → (n, M)."""
        return np.ascontiguousarray(attrs[:, list(self.columns)])


def uninformative(bits: Bits, attrs: np.ndarray) -> dict[str, str]:
    """Groups that tell no two of these crops apart, with the reason: all unknown, or one label only.

    attrs: uint8 (n, all bits of the manifest), one bit per group.
    """
    own, found = bits.take(attrs), {}
    for group, start in zip(bits.codebook.groups, bits.codebook.starts, strict=True):
        labels = np.flatnonzero(own[:, start : start + len(group.bits)].any(axis=0))
        if len(labels) == 1:
            at = int(labels[0])
            found[group.name] = "unknown for all" if at == group.unknown else f"{group.classes[at]} for all"
    return found


def stored_codebook(table: Any, path: Path) -> Codebook:
    """The codebook of a manifest; `InputError` if it has no attributes."""
    if not table["attr_bits"].type.list_size or table["attr_bits"].null_count == len(table):
        raise no_attributes(str(path))
    stored = codebook_of(table)
    return Codebook.from_json(stored) if stored else official_codebook()


def no_attributes(where: str) -> InputError:
    """The error for crops without attributes, in every method that needs them."""
    return InputError(
        f"{where} has no attributes, which this method needs",
        hint="Add them with: agreid build-manifest, which reads attributes.csv",
    )
