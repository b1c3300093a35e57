"""The number of decisions that an annotator needs to assign every track to its person.

One action is one decision: accept or reject a proposal, or look at one identity in the page's list and say
whether the track belongs to it.

- By hand, tracks are taken in the page's order. A track is compared with the identities found so far, in
  their order, until its own is met; one that opens an identity costs one action.
- With proposals, the queue is worked from its start, and what is still missing is then done by hand. A
  proposal is skipped if its answer follows from earlier ones.

In both cases the annotator stops as soon as all is correct, and leaves the queue where that costs least, so
both figures are lower bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agreid_cli.metrics.clustering.units import Ints


@dataclass(frozen=True)
class Actions:
    """accept, reject: proposals. search: identities looked at for links that no proposal contains. split:
    tracks of several people, which cost the same in both cases.
    """

    accept: int
    reject: int
    search: int
    split: int
    by_hand: int

    @property
    def total(self) -> int:
        return self.accept + self.reject + self.search + self.split

    @property
    def saved(self) -> float:
        """The ratio of the actions by hand to these."""
        return self.by_hand / self.total if self.total else float("inf") if self.by_hand else 1.0


def count_actions(truth: Ints, queue: Sequence[tuple[int, int]], *, split: int = 0) -> Actions:
    """`truth`: the person of each track, in the page's order. `queue`: pairs of tracks, as they are asked.

    >>> count_actions(np.array([1, 2, 1, 2]), [(0, 2), (0, 1), (1, 3)])
    Actions(accept=2, reject=1, search=0, split=0, by_hand=5)
    """
    group = np.arange(len(truth))
    by_hand = _by_hand(truth, group)
    different: set[tuple[int, int]] = set()
    accept = reject = 0
    best = (by_hand, accept, reject, by_hand)
    for one, other in queue:
        here, there = int(group[one]), int(group[other])
        pair = (min(here, there), max(here, there))
        if here == there or pair in different:
            continue
        if truth[one] != truth[other]:
            reject += 1
            different.add(pair)
            continue
        accept += 1
        group[group == there] = here
        different = {_renamed(p, there, here) for p in different if there in p} | {
            p for p in different if there not in p
        }
        search = _by_hand(truth, group)
        best = min(best, (accept + reject + search, accept, reject, search))
        if accept + reject > best[0]:
            break  # no later end can be cheaper
    _, accept, reject, search = best
    return Actions(accept, reject, search, split, by_hand + split)


def _by_hand(truth: Ints, group: Ints) -> int:
    """Identities looked at until each group is with its person.

    The first group of a person costs one where it is a single track, and nothing where tracks are joined.
    """
    _, first, size = np.unique(group, return_index=True, return_counts=True)
    position: dict[int, int] = {}
    looked = 0
    for at in np.argsort(first):  # in the page's order
        person = int(truth[first[at]])
        if person in position:
            looked += position[person]
        else:
            position[person] = len(position) + 1
            looked += int(size[at] == 1)
    return looked


def _renamed(pair: tuple[int, int], old: int, new: int) -> tuple[int, int]:
    a, b = (new if number == old else number for number in pair)
    return min(a, b), max(a, b)
