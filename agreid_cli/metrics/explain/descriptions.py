"""Search by description as a benchmark: drawn descriptions, who is relevant, and how well a ranking finds
them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.explain.explanation import average_precision, chance_ap

Floats = npt.NDArray[np.floating[Any]]
Bits = npt.NDArray[np.uint8]
LONGEST = 6
ATTEMPTS = 30  # draws per wanted description; a small test has few


@dataclass(frozen=True)
class Descriptions:
    """Bits of each description (one per group), and whether each crop is relevant: bool (descriptions,
    crops)."""

    bits: tuple[tuple[int, ...], ...]
    relevant: npt.NDArray[np.bool_]

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """The number of attributes of each."""
        return np.array([len(bits) for bits in self.bits], np.int64)


def draw_descriptions(
    bits: Bits, sizes: Sequence[int], unknown: Sequence[int], *, n: int, seed: int
) -> Descriptions:
    """At most `n` different descriptions of each length from one to six.

    bits: (crops, M), one bit per group of `sizes`. A description is what a random crop shows in random
    groups, without the bits `unknown`, so at least one crop is relevant; one that fits every crop is drawn
    again. The same seed gives the same.
    """
    rng = np.random.default_rng(seed)
    group_of = np.repeat(np.arange(len(sizes)), sizes)
    usable = np.ones(bits.shape[1], bool)
    usable[list(unknown)] = False
    found: list[tuple[int, ...]] = []
    for length in range(1, min(LONGEST, len(sizes)) + 1):
        seen: dict[tuple[int, ...], None] = {}
        for _ in range(ATTEMPTS * n):
            if len(seen) == n:
                break
            shown = np.flatnonzero(bits[rng.integers(len(bits))].astype(bool) & usable)
            if len(shown) < length:
                continue
            chosen = tuple(sorted(rng.choice(shown, length, replace=False).tolist()))
            if not bits[:, chosen].all():
                seen[chosen] = None
        found += seen
    assert len(set(group_of.tolist())) == len(sizes)
    relevant = [bits[:, chosen].all(axis=1) for chosen in found]
    return Descriptions(tuple(found), np.array(relevant, bool).reshape(len(found), len(bits)))


@dataclass(frozen=True)
class Found:
    """Average precision and Rank-1 of each description, (D,)."""

    ap: npt.NDArray[np.float64]
    rank1: npt.NDArray[np.float64]


def score_descriptions(probabilities: Floats, wanted: Descriptions) -> Found:
    """Rank crops by the geometric mean of the probabilities (crops, M) of the described bits.

    Ties count against the score, as in ranking.
    """
    logs = np.log(np.maximum(np.asarray(probabilities, np.float64), 1e-9))
    ap, rank1 = [], []
    for bits, relevant in zip(wanted.bits, wanted.relevant, strict=True):
        order = np.lexsort((relevant, -logs[:, bits].mean(axis=1)))
        hits = relevant[order][None]
        ap.append(float(average_precision(hits)[0]))
        rank1.append(float(hits[0, 0]))
    return Found(np.array(ap), np.array(rank1))


def chance_of(wanted: Descriptions) -> Found:
    """The expected scores of a random order."""
    n = wanted.relevant.shape[1]
    relevant = wanted.relevant.sum(axis=1)
    return Found(chance_ap(relevant, n), relevant / n)
