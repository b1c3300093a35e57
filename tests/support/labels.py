"""Convert between one person's labels and bits, for tests that write or read annotations."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from agreid_cli.attributes.bits import bits_of, classes_of
from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.identities_csv import Identities, Track
from agreid_cli.attributes.labels import class_of


def vector_of(labels: Mapping[str, str | int], codebook: Codebook) -> np.ndarray:
    """Labels or codes by group name as bits of shape (M,); a group that is not named is unknown."""
    given = [class_of(str(labels[g.name]), g) if g.name in labels else g.unknown for g in codebook.groups]
    assert None not in given, labels
    return bits_of(np.array(given), codebook)


def labels_of(bits: np.ndarray, codebook: Codebook) -> dict[str, str]:
    """Bits of shape (M,) as group name → label."""
    classes = classes_of(bits, codebook)
    return {group.name: group.classes[int(at)] for group, at in zip(codebook.groups, classes, strict=True)}


def pid_of_track(who: Identities) -> dict[Track, int | None]:
    """The pid of every track that is not divided."""
    return {track: spans[0].pid for track, spans in who.spans.items() if spans[0].is_whole}
