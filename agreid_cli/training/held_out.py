"""Training identities that a run does not learn from: strangers who are no part of the test."""

from __future__ import annotations

import numpy as np

from agreid_cli.training.samples import Samples

FEWEST = 2  # identities: with fewer there is nothing to rank


def held_out(samples: Samples, share: float, seed: int) -> np.ndarray:
    """The training pids that are kept out, ascending: `share` of them, drawn by `seed`.

    Only people whom both views show, since they are asked for across views; none when they are too few.
    """
    pids = np.unique(samples.pid)
    both = np.array([pid for pid in pids if len(np.unique(samples.view[samples.pid == pid])) > 1], np.int64)
    n = min(round(share * len(pids)), len(both))
    if n < FEWEST:
        return both[:0]
    return np.sort(np.random.default_rng([seed, 11]).choice(both, n, replace=False))


def without(samples: Samples, pids: np.ndarray) -> Samples:
    """The crops of everyone else."""
    return samples.take(np.flatnonzero(~np.isin(samples.pid, pids)))
