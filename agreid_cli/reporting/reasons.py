"""The explanation of a distance as bars and as a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MOSTLY = 0.25  # minimum share for the word "mostly"


@dataclass(frozen=True)
class Reason:
    """One attribute of a pair. rank counts from 1, the largest share first."""

    bit: int
    name: str  # "lower body clothing: Shorts"
    distance: float
    share: float
    rank: int


@dataclass(frozen=True)
class GroupWords:
    """One attribute group: its title, the position of its bits, and the label of each."""

    title: str
    start: int
    labels: tuple[str, ...]

    @property
    def bits(self) -> slice:
        return slice(self.start, self.start + len(self.labels))

    def place(self, chances: npt.NDArray[np.floating]) -> int:
        """The index, among all M bits, of the most probable bit of the group."""
        return self.start + int(chances[self.bits].argmax())

    def label(self, chances: npt.NDArray[np.floating]) -> str:
        """The label of the most probable bit, given the probabilities of all M."""
        return self.labels[self.place(chances) - self.start]


def reasons(parts: npt.NDArray[np.floating], groups: Sequence[GroupWords], *, top: int) -> tuple[Reason, ...]:
    """The `top` attributes of a pair with parts dᵏ (M,), largest share first."""
    names = [f"{group.title.lower()}: {label}" for group in groups for label in group.labels]
    shares = parts / max(float(parts.sum()), 1e-6)
    order = np.argsort(-shares, kind="stable")[:top].tolist()
    return tuple(
        Reason(bit, names[bit], float(parts[bit]), float(shares[bit]), rank)
        for rank, bit in enumerate(order, start=1)
    )


def sentence(
    parts: npt.NDArray[np.floating],
    first: npt.NDArray[np.floating],
    second: npt.NDArray[np.floating],
    groups: Sequence[GroupWords],
) -> str:
    """The explanation as text; `first` and `second` (M,) are probabilities, or known bits, of the two.

    A group counts with the shares of the two labels that differ, not with those of labels that neither crop
    has: the latter mean nothing to a reader, and a large group has more of them.

    >>> groups = (GroupWords("Lower Body Clothing", 0, ("jeans", "shorts")), GroupWords("Bag", 2, ("none",)))
    >>> sentence(np.array([3.0, 3.0, 4.0]), np.array([0, 1, 1]), np.array([1, 0, 1]), groups)
    'mostly lower body clothing: shorts against jeans, 60 % of the distance'
    """
    shares = parts / max(float(parts.sum()), 1e-6)
    apart = [(g, g.place(first), g.place(second)) for g in groups if g.place(first) != g.place(second)]
    if not apart:
        totals = [float(shares[group.bits].sum()) for group in groups]
        at = int(np.argmax(totals))
        label = groups[at].label(first).lower()
        return (
            f"no attribute that differs; the largest share is {groups[at].title.lower()} "
            f"({label} on both), {100 * totals[at]:.0f} % of the distance"
        )
    found = [(float(shares[one] + shares[other]), g) for g, one, other in apart]
    said = []
    for place, (share, group) in enumerate(sorted(found, key=lambda row: -row[0])[:2]):
        one, other = group.label(first).lower(), group.label(second).lower()
        of = " of the distance" if place == 0 else ""
        said.append(f"{group.title.lower()}: {one} against {other}, {100 * share:.0f} %{of}")
    much = "mostly" if max(found, key=lambda row: row[0])[0] >= MOSTLY else "first of all"
    return f"{much} " + "; then ".join(said)
