"""What the annotation page asks, in its order: the same rules as `reporting/review/questions.js`."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from agreid_cli.metrics.clustering.likeness import Groups, Likeness
from agreid_cli.metrics.clustering.units import Ints, Units

#: The page asks down to this probability unless the annotator chooses another.
LEAST = 0.05


class Asking:
    """The state of a page: groups of tracks, and which of them are known to be two people.

    `pairs`: the proposals, int64 (m, 2). The queue asks about the open proposal whose two groups are the
    likeliest, the first of equal ones; every answer changes the groups and so the order of the rest.
    """

    def __init__(self, units: Units, like: Likeness, pairs: Ints, *, least: float = LEAST) -> None:
        self.units, self.pairs = units, pairs.reshape(-1, 2)
        self.groups = Groups(like)
        self.least = float(np.log(least / (1 - least)))
        self.members = {at: [at] for at in range(len(units))}
        self.rejected: dict[int, set[int]] = {at: set() for at in range(len(units))}
        self.odds = np.full(len(self.pairs), -np.inf)
        self._ask_again(np.arange(len(self.pairs)))

    def next(self) -> tuple[int, int] | None:
        """The two groups that are asked about, or None at the end of the queue."""
        at = int(np.argmax(self.odds)) if len(self.odds) else -1
        if at < 0 or self.odds[at] < self.least:
            return None
        a, b = self.groups.group[self.pairs[at]].tolist()
        return a, b

    def accept(self, one: int, other: int) -> None:
        """Two groups are one person."""
        self.groups.join(one, other)
        self.members[one] += self.members.pop(other)
        for third in self.rejected.pop(other):
            self.rejected[third] -= {other}
            self.reject(one, third)
        self._ask_again(self._pairs_of(one))

    def reject(self, one: int, other: int) -> None:
        """Two groups are two people."""
        self.rejected[one].add(other)
        self.rejected[other].add(one)
        of_one = self._pairs_of(one)
        both = self.groups.group[self.pairs[of_one]]
        self.odds[of_one[(both == other).any(axis=1)]] = -np.inf

    def likely(self, one: int, named: Collection[int] | None = None) -> list[int]:
        """All groups that may be the same person as `one`, the likeliest first; of `named` if it is given."""
        among = self.members if named is None else sorted(named)
        others = np.array([g for g in among if g != one and not self._decided(one, g)], np.int64)
        return [int(g) for g in others[np.argsort(-self.groups.odds(one, others), kind="stable")]]

    def _pairs_of(self, one: int) -> Ints:
        return np.flatnonzero((self.groups.group[self.pairs] == one).any(axis=1)).astype(np.int64)

    def _decided(self, one: int, other: int) -> bool:
        return other in self.rejected[one] or self.apart(self.members[one], self.members[other])

    def apart(self, some: Sequence[int], others: Sequence[int]) -> bool:
        """Whether any track of one group is seen at the same time as one of the other."""
        return bool(self.units.apart(np.array(some), np.array(others)).any())

    def _ask_again(self, rows: Ints) -> None:
        """Compute the odds of these proposals anew."""
        groups = self.groups.group[self.pairs[rows]]
        self.odds[rows] = -np.inf
        for one in np.unique(groups[:, 0]).tolist():
            mine = np.flatnonzero(groups[:, 0] == one)
            others = np.unique(groups[mine, 1])
            open_ = [g for g in others.tolist() if g != one and not self._decided(one, g)]
            if open_:
                value = dict(zip(open_, self.groups.odds(one, open_).tolist(), strict=True))
                self.odds[rows[mine]] = [value.get(int(g), -np.inf) for g in groups[mine, 1]]
