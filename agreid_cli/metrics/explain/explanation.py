"""Explanation metrics: do the shares match the attributes that differ? With chance levels.

A pair has shares s_k with sum 1, and exclusive attributes (Eq. 5), M_E of M. Four metrics, each a mean over
pairs (§4.4 of the method):

- P_e: precision of the M_E largest shares for exclusive attributes; P_c: of the M − M_E smallest for common
ones;
- X-mAP_e: average precision of the exclusive attributes, largest share first; X-mAP_c: of the common ones,
   smallest first. A pair without exclusive attributes has only the last, computed in reverse:
   largest first, and a share above 2/M is a miss.

Ties count against the score, as equal distances do in ranking. ADRE is |d − mean_k dᵏ| / d.

The score of uninformative shares depends only on M_E, so every metric is reported with its chance level.
Chance is easy to exceed: shares that are equal for every pair, large for the attributes in which people
often differ, are not specific to a pair but still score well. So every metric is also reported for the mean
shares, given to all pairs (constant baseline).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
NAMES = ("P_e", "P_c", "XmAP_e", "XmAP_c")


@dataclass
class ExplanationMeter:
    """Accumulates pairs block by block; only the exclusive bits of a block are kept, M/8 bytes per pair."""

    sums: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros((2, 4)))  # scores, chance
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(4, np.int64))
    error: float = 0.0
    n_pairs: int = 0
    _shares: npt.NDArray[np.float64] | None = None  # (M,), their sum
    _packed: list[npt.NDArray[np.uint8]] = field(default_factory=list)

    def add(self, shares: Floats, exclusive: npt.NDArray[np.bool_], d: Floats, mean_part: Floats) -> None:
        """`shares` and `exclusive` (P, M), `d` and `mean_part` (P,)."""
        found, chance = pair_scores(shares, exclusive), chance_scores(exclusive)
        there = ~np.isnan(found)
        self.sums[0] += np.where(there, found, 0).sum(axis=0)
        self.sums[1] += np.where(there, chance, 0).sum(axis=0)
        self.counts += there.sum(axis=0)
        self.error += float((np.abs(d - mean_part) / np.maximum(d, 1e-6)).sum(dtype=np.float64))
        self.n_pairs += len(d)
        total = shares.sum(axis=0, dtype=np.float64)
        self._shares = total if self._shares is None else self._shares + total
        self._packed.append(np.packbits(exclusive, axis=1))

    def means(self) -> dict[str, tuple[float, float, float]]:
        """name → (value, chance level, constant baseline); NaN without a pair."""
        with np.errstate(invalid="ignore", divide="ignore"):
            both = self.sums / self.counts
        same = self._same_for_all()
        return {name: (float(both[0, i]), float(both[1, i]), float(same[i])) for i, name in enumerate(NAMES)}

    def _same_for_all(self) -> npt.NDArray[np.float64]:
        if self._shares is None:
            return np.full(4, np.nan)
        mean = (self._shares / self.n_pairs).astype(np.float32)
        sums = np.zeros(4)
        for packed in self._packed:
            exclusive = np.unpackbits(packed, axis=1, count=len(mean)).astype(bool)
            sums += np.nansum(pair_scores(np.broadcast_to(mean, exclusive.shape), exclusive), axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            means: npt.NDArray[np.float64] = sums / self.counts
        return means

    @property
    def n_alike(self) -> int:
        """Number of pairs without exclusive attributes."""
        return int(self.n_pairs - self.counts[0])

    @property
    def adre(self) -> float:
        """ADRE; 0.02 is two per cent."""
        return self.error / self.n_pairs if self.n_pairs else float("nan")


def pair_scores(shares: Floats, exclusive: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """P_e, P_c, X-mAP_e, X-mAP_c of each pair: (P, M) and (P, M) → (P, 4), NaN if undefined.

    >>> pair_scores(np.array([[0.5, 0.3, 0.2]]), np.array([[True, False, False]])).tolist()
    [[1.0, 1.0, 1.0, 1.0]]
    """
    n_bits = shares.shape[1]
    m_e = exclusive.sum(axis=1)
    top = _relevant_in_order(shares, exclusive)[:, ::-1]  # largest share first
    bottom = _relevant_in_order(shares, ~exclusive, smallest_first=True)
    place = np.arange(n_bits)
    found = np.full((len(shares), 4), np.nan)
    some = m_e > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        found[:, 0] = (top & (place < m_e[:, None])).sum(axis=1) / m_e
        found[:, 1] = (bottom & (place < (n_bits - m_e)[:, None])).sum(axis=1) / (n_bits - m_e)
    found[:, 2] = average_precision(top)
    found[:, 3] = average_precision(bottom)
    found[~some, :3] = np.nan
    if not some.all():
        own = shares[~some]
        fair = own <= 2 / n_bits
        precision = average_precision(_relevant_in_order(own, fair)[:, ::-1])
        found[~some, 3] = np.where(fair.any(axis=1), precision, 0.0)
    return found


def chance_scores(exclusive: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Expected scores of shares in random order on these pairs: (P, M) → (P, 4)."""
    n_bits = exclusive.shape[1]
    levels: npt.NDArray[np.float64] = _chance_table(n_bits)[exclusive.sum(axis=1)]
    return levels


def chance(n_exclusive: int, n_bits: int) -> dict[str, float]:
    """The chance level of each metric for a pair with M_E of M attributes exclusive.

    >>> {name: round(value, 3) for name, value in chance(14, 88).items()}
    {'P_e': 0.159, 'P_c': 0.841, 'XmAP_e': 0.198, 'XmAP_c': 0.848}
    """
    return dict(zip(NAMES, _chance_table(n_bits)[n_exclusive].tolist(), strict=True))


def average_precision(relevant: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Rows of hits in ranked order (P, M) → the mean precision at hits (P,), NaN without a hit."""
    hits = np.cumsum(relevant, axis=1)
    at_hit = np.where(relevant, hits / np.arange(1, relevant.shape[1] + 1), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: npt.NDArray[np.float64] = at_hit.sum(axis=1) / hits[:, -1]
    return mean


def _relevant_in_order(
    shares: Floats, relevant: npt.NDArray[np.bool_], *, smallest_first: bool = False
) -> npt.NDArray[np.bool_]:
    """`relevant` with each row in ascending order of its shares.

    Shares are non-negative, so their bits as integers have the same order: the flag is stored in the lowest
    bit, and one integer sort suffices. Read from the end that the caller starts from, a relevant
    attribute comes after an irrelevant one with the same share.
    """
    key = np.ascontiguousarray(shares, np.float32).view(np.uint32).astype(np.uint64) << np.uint64(1)
    later = relevant if smallest_first else ~relevant
    key |= later.astype(np.uint64)
    key.sort(axis=1)
    flag = (key & np.uint64(1)).astype(bool)
    return flag if smallest_first else ~flag


@lru_cache
def _chance_table(n_bits: int) -> npt.NDArray[np.float64]:
    """(M + 1, 4), one row for each M_E."""
    m_e = np.arange(n_bits + 1)
    by_order = chance_ap(m_e, n_bits), chance_ap(n_bits - m_e, n_bits)
    return np.stack([m_e / n_bits, 1 - m_e / n_bits, *by_order], axis=1)


def chance_ap(n_relevant: npt.NDArray[np.int64], n: int) -> npt.NDArray[np.float64]:
    """The expected average precision of a random order: ((R − 1) + (n − R) H_n / n) / (n − 1)."""
    if n == 1:
        return np.ones(len(n_relevant))
    harmonic = (1 / np.arange(1, n + 1)).sum()
    expected: npt.NDArray[np.float64] = (n_relevant - 1 + (n - n_relevant) * harmonic / n) / (n - 1)
    return np.where(n_relevant > 0, expected, np.nan)
