"""Divide identities into train and test; none is in both."""

from __future__ import annotations

import numpy as np

MIN_TRAIN, MIN_TEST = 1, 2


def divide(
    pids: np.ndarray,
    reach: np.ndarray,
    *,
    train_fraction: float,
    paired_in_train: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Divide `pids` (ascending, shape (n,)) into train and test identities, both ascending.

    `reach` (int, shape (n,)) is 2 for an identity that can be tested across the views, 1 for one that
    can be tested within a view only, 0 for one that cannot be tested. Low reach goes to train first,
    since it could only be a distractor in a gallery; those that exceed the train fraction become
    distractors. The fraction `paired_in_train` of those with the highest reach goes to train in any case.

    >>> train, test = divide(np.arange(6), np.array([2, 2, 0, 2, 2, 0]), train_fraction=0.5,
    ...     paired_in_train=0, rng=np.random.default_rng(0))
    >>> len(train), {2, 5} <= set(train.tolist())
    (3, True)
    """
    n = len(pids)
    n_train = min(max(int(np.floor(train_fraction * n + 0.5)), MIN_TRAIN), n - MIN_TEST)
    shuffled = rng.permutation(n)
    order = shuffled[np.argsort(reach[shuffled], kind="stable")]
    best = order[reach[order] == reach.max()]
    kept = best[: int(paired_in_train * len(best))]
    at = np.r_[kept, order[~np.isin(order, kept)]][:n_train]
    return np.sort(pids[at]), np.sort(np.delete(pids, at))
