"""Convert between one class per group and one bit per class: pure functions on arrays.

G is the number of groups, M the number of bits; a "class" is the index of a bit within its group.
"""

from __future__ import annotations

import numpy as np

from agreid_cli.attributes.codebook import Codebook


def bits_of(classes: np.ndarray, codebook: Codebook) -> np.ndarray:
    """Classes, integers of shape (..., G), as uint8 of shape (..., M) with one 1 per group."""
    classes = np.asarray(classes)
    if classes.shape[-1] != len(codebook.groups):
        raise ValueError(f"expected {len(codebook.groups)} groups, got {classes.shape[-1]}")
    if ((classes < 0) | (classes >= np.array(codebook.sizes))).any():
        raise ValueError("a class is outside its group")
    bits = np.zeros((*classes.shape[:-1], codebook.n_bits), dtype=np.uint8)
    np.put_along_axis(bits, classes + np.array(codebook.starts), 1, axis=-1)
    return bits


def classes_of(bits: np.ndarray, codebook: Codebook) -> np.ndarray:
    """The inverse of `bits_of`: bits of shape (..., M) as int64 classes of shape (..., G)."""
    if not is_one_hot(bits, codebook).all():
        raise ValueError("a vector does not have exactly one bit per group")
    parts = np.split(np.asarray(bits), codebook.starts[1:], axis=-1)
    return np.asarray(np.stack([part.argmax(axis=-1) for part in parts], axis=-1))


def is_one_hot(bits: np.ndarray, codebook: Codebook) -> np.ndarray:
    """Whether each group has exactly one 1: bits of shape (..., M) to bool of shape (..., G)."""
    bits = np.asarray(bits)
    if bits.shape[-1] != codebook.n_bits:
        raise ValueError(f"expected {codebook.n_bits} bits, got {bits.shape[-1]}")
    ones = np.add.reduceat(bits == 1, codebook.starts, axis=-1, dtype=np.int64)
    zeros = np.add.reduceat(bits == 0, codebook.starts, axis=-1, dtype=np.int64)
    return np.asarray((ones == 1) & (zeros == np.array(codebook.sizes) - 1))


def known_of(bits: np.ndarray, codebook: Codebook) -> np.ndarray:
    """Whether each group is known: bits of shape (..., M) to bool of shape (..., G)."""
    return np.asarray(np.asarray(bits)[..., list(codebook.unknown_bits)] == 0)


def support(bits: np.ndarray) -> np.ndarray:
    """How many of n people have each bit: bits of shape (n, M) to int64 of shape (M,)."""
    return np.asarray(np.asarray(bits).astype(np.int64).sum(axis=0))
