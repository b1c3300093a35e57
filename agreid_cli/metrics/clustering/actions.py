"""The number of decisions that an annotator needs to assign every track to its person.

One action is one decision: look at a pair of groups of tracks and say whether they are one person, or divide
a track of several people. Several pairs that the page shows side by side count one each.

- By hand, tracks are taken in the page's order. A track is compared with the identities found so far, in
  their order, until its own is met; one that opens an identity costs one action.
- With proposals, the queue is worked to its end, as the page asks it (`asking.py`). Then the groups are taken
  in the page's order, and each whose person has been met before is compared with the identities found so far,
  in the order of the page's list of identities, the likeliest first, until its own is met. What the page
  rules out although it is one person (two tracks that are seen at the same time) is searched by hand. A
  single track that opens an identity costs one action.

In both cases the annotator knows when a person has no further track, so both figures are lower bounds.
Further people of a track are parts that the page cannot compare before the proposals are made again: they
cost one division each, and a search by hand, in both cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agreid_cli.metrics.clustering.asking import Asking
from agreid_cli.metrics.clustering.units import Ints

Part = tuple[int, int]  # the track that it was divided from, and its person


@dataclass(frozen=True)
class Actions:
    """accept, reject: answers in the queue. search: groups looked at afterwards. split: divisions of tracks,
    which cost the same in both cases. by_hand: all actions without proposals.
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


def count_actions(truth: Ints, asking: Asking, parts: Sequence[Part] = ()) -> Actions:
    """`truth`: the person of each track, in the page's order. `asking` is worked to the end."""
    by_hand = count_by_hand(truth, parts)
    accept = reject = 0
    while (pair := asking.next()) is not None:
        if truth[pair[0]] == truth[pair[1]]:
            asking.accept(*pair)
            accept += 1
        else:
            asking.reject(*pair)
            reject += 1
    return Actions(accept, reject, _searched(truth, asking, parts), len(parts), by_hand)


def count_by_hand(truth: Ints, parts: Sequence[Part] = ()) -> int:
    """Identities looked at, and tracks divided, without proposals.

    >>> import numpy as np
    >>> count_by_hand(np.array([1, 2, 1, 2])), count_by_hand(np.array([1, 2]), [(1, 1)])
    (5, 4)
    """
    further: dict[int, list[int]] = {}
    for track, person in parts:
        further.setdefault(track, []).append(person)
    place: dict[int, int] = {}
    looked = len(parts)
    for at, own in enumerate(truth.tolist()):
        for person in (own, *further.get(at, ())):
            looked += place.get(person, 1)
            place.setdefault(person, len(place) + 1)
    return looked


def _searched(truth: Ints, asking: Asking, parts: Sequence[Part]) -> int:
    """Looks after the queue, until every group is with its person."""
    place: dict[int, int] = {}
    first: dict[int, int] = {}
    looked = 0
    for at, person in enumerate(truth.tolist()):
        if person not in place:
            place[person], first[person] = len(place) + 1, at
            looked += int(len(asking.members[int(asking.groups.group[at])]) == 1)
            continue
        home = first[person]
        while (one := int(asking.groups.group[at])) != asking.groups.group[home]:
            looks = _found(truth, asking, one, at)
            looked += looks or place[person]
            if not looks:
                asking.accept(int(asking.groups.group[home]), one)
    for _, person in parts:
        looked += place.get(person, 1)
        place.setdefault(person, len(place) + 1)
    return looked


def _found(truth: Ints, asking: Asking, one: int, at: int) -> int:
    """Looks down the list of a group until one of its person is met and joined; 0 if the list has none.

    Identities are the groups of tracks before `at`, and those of several tracks.
    """
    named = set(asking.groups.group[:at].tolist())
    named |= {group for group, members in asking.members.items() if len(members) > 1}
    listed = asking.likely(one, named)
    own = next((n for n, other in enumerate(listed) if truth[other] == truth[at]), None)
    if own is None:
        return 0
    for other in listed[:own]:
        asking.reject(one, other)
    asking.accept(listed[own], one)
    return own + 1
