"""Agreement of annotators beyond chance: Fleiss' kappa, computed by statsmodels."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Agreement:
    """Over the `n` subjects labelled by everybody: the fraction of unanimous ones, and Fleiss' kappa.

    Both are None without a subject. Kappa is also None if all labels are equal, because it is then
    0/0.
    """

    n: int
    unanimous: float | None
    kappa: float | None


def agreement(subjects: Sequence[Sequence[Hashable | None]]) -> Agreement:
    """`subjects` are the votes on each: one per annotator, None for no vote (the subject is left out).

    Fleiss, J. L. (1971). Measuring nominal scale agreement among many raters. Psychological Bulletin 76.

    >>> agreement([("a", "a", "a"), ("a", "a", "b"), ("b", "b", "b"), ("a", None, "a")])
    Agreement(n=3, unanimous=0.6666666666666666, kappa=0.5499999999999998)
    >>> agreement([("a", "a")])
    Agreement(n=1, unanimous=1.0, kappa=None)
    """
    whole = [votes for votes in subjects if None not in votes]
    if not whole:
        return Agreement(0, None, None)
    words = {word: place for place, word in enumerate(dict.fromkeys(v for votes in whole for v in votes))}
    counts = np.zeros((len(whole), len(words)), dtype=np.int64)
    for row, votes in enumerate(whole):
        for vote in votes:
            counts[row, words[vote]] += 1
    unanimous = float((counts.max(axis=1) == counts.sum(axis=1)).mean())
    if len(words) == 1 or len(whole[0]) < 2:
        return Agreement(len(whole), unanimous, None)
    from statsmodels.stats.inter_rater import fleiss_kappa

    return Agreement(len(whole), unanimous, float(fleiss_kappa(counts, method="fleiss")))
