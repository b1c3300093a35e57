"""Training identities excluded from training: unseen people outside the test set."""

from __future__ import annotations

import numpy as np

from agreid_cli.training.samples import Samples

FEWEST = 2  # identities: with fewer there is nothing to rank


def held_out(samples: Samples, share: float, seed: int) -> np.ndarray:
    """The held-out training pids, ascending: a fraction `share` of them, drawn with `seed`.

    Only people with possible queries: seen in both views or, if the data has no two such people, by two
    cameras. Empty if they are too few.
    """
    several = _seen_by_several(samples.pid, samples.view)
    if len(several) < FEWEST:
        several = _seen_by_several(samples.pid, samples.camid)
    n = min(round(share * len(np.unique(samples.pid))), len(several))
    if n < FEWEST:
        return several[:0]
    return np.sort(np.random.default_rng([seed, 11]).choice(several, n, replace=False))


def _seen_by_several(pid: np.ndarray, by: np.ndarray) -> np.ndarray:
    """The pids with crops of at least two different values of `by`, ascending."""
    pairs = np.unique(np.stack([pid, by], axis=1), axis=0)
    pids, counts = np.unique(pairs[:, 0], return_counts=True)
    return np.asarray(pids[counts > 1], np.int64)


def without(samples: Samples, pids: np.ndarray) -> Samples:
    """The crops of all others."""
    return samples.take(np.flatnonzero(~np.isin(samples.pid, pids)))
