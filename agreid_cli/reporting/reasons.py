"""The explanation of a distance as bars and as a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MOSTLY = 0.25  # minimum share for the word "mostly"
MOST = 3  # attributes in a sentence
NOTHING = "no attribute separates these two"


@dataclass(frozen=True)
class Reason:
    """One attribute of a pair. rank counts from 1, the largest share first.

    usual: the mean share of the bit over pairs of held-out people. recognised: whether its group is. Both are
    None for a stream that is not calibrated.
    """

    bit: int
    name: str  # "lower body clothing: Shorts"
    distance: float
    share: float
    rank: int
    usual: float | None = None
    recognised: bool | None = None

    @property
    def says(self) -> str:
        """The name, with a question mark if the group is not recognised."""
        return f"{self.name} (?)" if self.recognised is False else self.name


@dataclass(frozen=True)
class GroupWords:
    """One attribute group: its title, the position of its bits, and the label of each.

    unknown: the place of the label "unknown" among them, −1 if there is none.
    """

    title: str
    start: int
    labels: tuple[str, ...]
    unknown: int = -1

    @property
    def bits(self) -> slice:
        return slice(self.start, self.start + len(self.labels))

    def place(self, chances: npt.NDArray[np.floating]) -> int:
        """The index, among all M bits, of the most probable bit of the group."""
        return self.start + int(chances[self.bits].argmax())

    def label(self, chances: npt.NDArray[np.floating]) -> str:
        """The label of the most probable bit, given the probabilities of all M."""
        return self.labels[self.place(chances) - self.start]


@dataclass(frozen=True)
class Usual:
    """What every pair's shares are compared with: mean share and spread of each bit (M,), and the groups to
    name.

    `named`: the places of the groups that are recognised; the others are left out.
    """

    mean: npt.NDArray[np.floating]
    spread: npt.NDArray[np.floating]
    named: frozenset[int]

    @classmethod
    def uniform(cls, n_bits: int, n_groups: int) -> Usual:
        """For a stream that is not calibrated: a uniform share, and every group."""
        return cls(np.full(n_bits, 1 / n_bits), np.zeros(n_bits), frozenset(range(n_groups)))


def reasons(
    parts: npt.NDArray[np.floating], groups: Sequence[GroupWords], *, top: int, usual: Usual | None = None
) -> tuple[Reason, ...]:
    """The `top` attributes of a pair with parts dᵏ (M,), largest share first; `usual` of a calibrated
    stream."""
    names = [f"{group.title.lower()}: {label}" for group in groups for label in group.labels]
    group_of = [number for number, group in enumerate(groups) for _ in group.labels]
    shares = parts / max(float(parts.sum()), 1e-6)
    order = np.argsort(-shares, kind="stable")[:top].tolist()
    return tuple(
        Reason(
            bit, names[bit], float(parts[bit]), float(shares[bit]), rank,
            None if usual is None else float(usual.mean[bit]),
            None if usual is None else group_of[bit] in usual.named,
        )
        for rank, bit in enumerate(order, start=1)
    )  # fmt: skip


def sentence(
    parts: npt.NDArray[np.floating],
    first: npt.NDArray[np.floating],
    second: npt.NDArray[np.floating],
    groups: Sequence[GroupWords],
    usual: Usual | None = None,
) -> str:
    """At most three attributes that separate a pair; `first` and `second` (M,) are probabilities, or known
    bits.

    A group counts with the shares of the two labels that differ, not with those of labels that neither crop
    has: the latter mean nothing to a reader, and a large group has more of them. It is named if these shares
    are above what they are on average over pairs by more than their spread. A label that is unknown separates
    nobody.

    >>> groups = (GroupWords("Lower Body Clothing", 0, ("jeans", "shorts")), GroupWords("Bag", 2, ("none",)))
    >>> sentence(np.array([3.5, 3.5, 3.0]), np.array([0, 1, 1]), np.array([1, 0, 1]), groups)
    'mostly lower body clothing: shorts against jeans, 70 % of the distance'
    """
    level = usual or Usual.uniform(len(parts), len(groups))
    shares = parts / max(float(parts.sum()), 1e-6)
    found = []
    for number, group in enumerate(groups):
        pair = [group.place(first), group.place(second)]
        share = float(shares[pair].sum())
        usually = float(level.mean[pair].sum() + level.spread[pair].sum())
        if group.unknown >= 0 and group.start + group.unknown in pair:
            continue
        if pair[0] != pair[1] and number in level.named and share > usually:
            found.append((share, group))
    if not found:
        return NOTHING
    found.sort(key=lambda row: -row[0])
    said = []
    for place, (share, group) in enumerate(found[:MOST]):
        one, other = group.label(first).lower(), group.label(second).lower()
        of = " of the distance" if place == 0 else ""
        said.append(f"{group.title.lower()}: {one} against {other}, {100 * share:.0f} %{of}")
    much = "mostly" if found[0][0] >= MOSTLY else "first of all"
    return f"{much} " + "; then ".join(said)
