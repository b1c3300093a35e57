"""The attribute bits that the explainable stream is about, and the codebook of a manifest."""

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
    """The attribute bits that a stream is about: a codebook, and where its bits lie in the manifest's."""

    codebook: Codebook
    columns: tuple[int, ...]  # M, into the manifest's bits

    @classmethod
    def of(cls, stored: Codebook, exclude: Sequence[str]) -> Bits:
        """The manifest's codebook without the groups named; `InputError` for a name that is no group."""
        gone = [name for name in exclude if name in stored.names or name.strip()]
        codebook = stored.excluding(gone) if gone else stored
        return cls(codebook, tuple(stored.bits.index(bit) for bit in codebook.bits))

    def take(self, attrs: np.ndarray) -> np.ndarray:
        """Of the manifest's bits, uint8 (n, all), those of this codebook: (n, M)."""
        return np.ascontiguousarray(attrs[:, list(self.columns)])


def stored_codebook(table: Any, path: Path) -> Codebook:
    """The codebook of a manifest; `InputError` when it holds no attributes."""
    if not table["attr_bits"].type.list_size or table["attr_bits"].null_count == len(table):
        raise InputError(
            f"{path} holds no attributes, and the explainable stream learns from them",
            hint="Give them with: agreid build-manifest, which reads attributes.csv",
        )
    stored = codebook_of(table)
    return Codebook.from_json(stored) if stored else official_codebook()
