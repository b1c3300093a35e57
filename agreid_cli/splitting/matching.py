"""Which queries still have a true match after the junk rule."""

from __future__ import annotations

import numpy as np


def has_match(pid: np.ndarray, place: np.ndarray, query: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """True for the queries with a true match: the same pid at another `place` in the gallery.

    All arrays have shape (n,); `place` is the camid, or the view if the junk rule is by view. Junk
    (pid below 0) matches nothing.

    >>> pid, camid = np.array([1, 1, 2, 2]), np.array([0, 3, 0, 0])
    >>> has_match(pid, camid, camid == 0, np.array([False, True, False, True])).tolist()
    [True, False, False, False]
    """
    return np.asarray(query & (pid >= 0) & elsewhere(gallery, pid, place))


def elsewhere(mask: np.ndarray, pid: np.ndarray, place: np.ndarray) -> np.ndarray:
    """True for a row if `mask` includes a row of the same pid at another place; all of shape (n,).

    >>> elsewhere(np.array([True, False, True]), np.array([1, 1, 2]), np.array([0, 3, 0])).tolist()
    [False, True, False]
    """
    if not len(pid):
        return np.zeros(0, bool)
    _, person = np.unique(pid, return_inverse=True)
    _, where = np.unique(place, return_inverse=True)
    _, spot = np.unique(person * (where.max() + 1) + where, return_inverse=True)
    same_person = np.bincount(person, weights=mask)[person]
    same_spot = np.bincount(spot, weights=mask)[spot]
    return np.asarray(same_person > same_spot)
