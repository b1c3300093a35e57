"""Why two people are far apart, as bars and as the sentence that a person would read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


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
    """One attribute group: its title, the place and length of its bits, and the word of each."""

    title: str
    start: int
    labels: tuple[str, ...]

    @property
    def bits(self) -> slice:
        return slice(self.start, self.start + len(self.labels))

    def label(self, chances: npt.NDArray[np.floating]) -> str:
        """The word of the likeliest bit, given the chances of all M."""
        return self.labels[int(chances[self.bits].argmax())]


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
    """In words, by whole groups; `first` and `second` (M,) are chances, or known bits, of the two.

    >>> groups = (GroupWords("Lower Body Clothing", 0, ("jeans", "shorts")), GroupWords("Bag", 2, ("none",)))
    >>> sentence(np.array([3.0, 3.0, 4.0]), np.array([0, 1, 1]), np.array([1, 0, 1]), groups)
    'mostly lower body clothing: shorts against jeans, 60 % of the distance; then bag (none on both), 40 %'
    """
    shares = np.array([parts[group.bits].sum() for group in groups]) / max(float(parts.sum()), 1e-6)
    order = np.argsort(-shares, kind="stable")[:2].tolist()
    said = []
    for place, at in enumerate(order):
        group = groups[at]
        one, other = group.label(first), group.label(second)
        what = f" ({one.lower()} on both)" if one == other else f": {one.lower()} against {other.lower()}"
        of = " of the distance" if place == 0 else ""
        said.append(f"{group.title.lower()}{what}, {100 * shares[at]:.0f} %{of}")
    return "mostly " + "; then ".join(said)
