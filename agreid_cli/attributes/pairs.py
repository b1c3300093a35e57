"""Common and exclusive attributes of two people (Eq. 5 of the paper).

Two vectors with one bit per group differ in two bits for every group in which the labels differ, so the
number of exclusive bits, M_E, is even and at most twice the number of groups.
"""

from __future__ import annotations

import numpy as np

from agreid_cli.attributes.bits import known_of
from agreid_cli.attributes.codebook import Codebook


def exclusive(
    a: np.ndarray, b: np.ndarray, codebook: Codebook, *, ignore_unknown: bool = False
) -> np.ndarray:
    """The bits that exactly one of a pair has: (..., M) and (..., M) to bool (..., M).

    With `ignore_unknown`, a group that is unknown for either person has no exclusive bits; without it,
    unknown against known counts as two exclusive bits, as in the official encoding.
    """
    differs = np.asarray(np.not_equal(a, b))
    if not ignore_unknown:
        return differs
    both_known = known_of(a, codebook) & known_of(b, codebook)
    return np.asarray(differs & np.repeat(both_known, codebook.sizes, axis=-1))


def common(a: np.ndarray, b: np.ndarray, codebook: Codebook, *, ignore_unknown: bool = False) -> np.ndarray:
    """The bits that are not exclusive; most of them are absent in both."""
    return ~exclusive(a, b, codebook, ignore_unknown=ignore_unknown)


def n_exclusive(
    a: np.ndarray, b: np.ndarray, codebook: Codebook, *, ignore_unknown: bool = False
) -> np.ndarray:
    """M_E of each pair, int64 of shape (...).

    >>> from agreid_cli.attributes.bits import bits_of
    >>> from agreid_cli.attributes.official import official_codebook
    >>> book = official_codebook()
    >>> a, b = np.zeros(15, dtype=int), np.zeros(15, dtype=int)
    >>> b[:3] = 1, 2, 4                       # gender, age and height differ; height is unknown
    >>> int(n_exclusive(bits_of(a, book), bits_of(b, book), book))
    6
    >>> int(n_exclusive(bits_of(a, book), bits_of(b, book), book, ignore_unknown=True))
    4
    """
    return np.asarray(exclusive(a, b, codebook, ignore_unknown=ignore_unknown).sum(axis=-1))
