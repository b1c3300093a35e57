"""Constrained clustering: average linkage that never joins tracks which are known to be apart.

Two tracks are in one group only if a chain of pairs above the cut links them, so each connected part of that
graph is clustered alone (scipy's linkage), and no matrix over all tracks is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from agreid_cli.metrics.clustering.units import Bools, Ints

#: Distance of two tracks that are apart: no average with it falls below the cut.
APART = 1e9
#: Larger parts are cut at a higher probability first, so that the matrix of a part stays small.
LARGEST, STRICTEST = 4000, 0.999


def groups_of(
    n: int,
    a: Ints,
    b: Ints,
    chance: npt.NDArray[np.float64],
    *,
    cut: float,
    same: Sequence[tuple[int, int]] = (),
    apart: Callable[[Ints, Ints], Bools],
) -> Ints:
    """A group number of each of n tracks, by first appearance: int64 (n,).

    Groups are joined while the mean chance over all pairs between them is at least `cut`; a pair that is not
    listed has chance 0. Tracks that `same` links, directly or through others, are joined first, unless two of
    them are apart. `apart(rows, columns)` is bool.
    """
    must = np.array(same, np.int64).reshape(-1, 2)
    linked = ((a[chance >= cut], must[:, 0]), (b[chance >= cut], must[:, 1]))
    part = _parts(n, *(np.concatenate(side) for side in linked))
    label = np.arange(n)
    order = np.argsort(part, kind="stable")
    bounds = np.flatnonzero(np.diff(part[order])) + 1
    edge_order = np.argsort(part[a], kind="stable")
    edge_start = np.searchsorted(part[a][edge_order], np.arange(part.max(initial=-1) + 2))
    must_of = part[must[:, 0]]
    for members in np.split(order, bounds) if n else []:
        if len(members) < 2:
            continue
        number = int(part[members[0]])
        edges = edge_order[edge_start[number] : edge_start[number + 1]]
        edges = edges[part[b[edges]] == number]
        here = _linked(members, a[edges], b[edges], chance[edges], cut, must[must_of == number], apart)
        label[members] = members[here]
    return by_appearance(label)


def _parts(n: int, a: Ints, b: Ints) -> Ints:
    graph = coo_matrix((np.ones(len(a), np.int8), (a, b)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def _linked(
    members: Ints,
    a: Ints,
    b: Ints,
    chance: npt.NDArray[np.float64],
    cut: float,
    must: Ints,
    apart: Callable[[Ints, Ints], Bools],
) -> npt.NDArray[np.intp]:
    """The place among `members` of the first of each one's group."""
    place = {int(unit): at for at, unit in enumerate(members)}
    i, j = (np.array([place[int(unit)] for unit in column], np.int64) for column in (a, b))
    linked = np.array([[place[one], place[other]] for one, other in must.tolist()], np.int64).reshape(-1, 2)
    if len(members) > LARGEST and cut < STRICTEST:
        flat = groups_of(
            len(members), i, j, chance, cut=(cut + 1) / 2, same=[(x, y) for x, y in linked.tolist()],
            apart=lambda rows, columns: apart(members[rows], members[columns]),
        )  # fmt: skip
    else:
        distance = np.ones((len(members), len(members)))
        distance[i, j] = distance[j, i] = 1 - chance
        divided = apart(members, members)
        _pull(distance, linked, divided)
        distance[divided] = APART
        np.fill_diagonal(distance, 0)
        tree = linkage(squareform(distance, checks=False), "average")
        flat = fcluster(tree, 1 - cut + 1e-12, "distance")
    first = {number: at for at, number in reversed(list(enumerate(flat)))}
    return np.array([first[number] for number in flat], np.intp)


def _pull(distance: npt.NDArray[np.float64], must: Ints, divided: Bools) -> None:
    """Distance 0 between all tracks that judgements link, directly or through others."""
    linked = _parts(len(distance), must[:, 0], must[:, 1])
    for number in np.unique(linked[must[:, 0]]):
        inside = np.flatnonzero(linked == number)
        block = np.ix_(inside, inside)
        if not divided[block].any():
            distance[block] = 0
    distance[must[:, 0], must[:, 1]] = distance[must[:, 1], must[:, 0]] = 0


def by_appearance(label: Ints) -> Ints:
    """The same groups, numbered 0, 1, … in the order in which they first occur.

    >>> by_appearance(np.array([7, 3, 7, 5])).tolist()
    [0, 1, 0, 2]
    """
    _, first, at = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return np.asarray(rank[at], np.int64)
