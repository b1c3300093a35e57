"""Combine the votes of several annotators. Ties stay undecided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T = TypeVar("T")
Why = Literal["unanimous", "outvoted", "no majority", "too few votes", "no vote"]


@dataclass(frozen=True)
class Verdict(Generic[T]):
    """`value` is the decision, None if there is none; `why` is the reason."""

    value: T | None
    why: Why

    @property
    def must_be_settled(self) -> bool:
        return self.why in ("no majority", "too few votes")

    @property
    def is_disputed(self) -> bool:
        """Whether it belongs in the list of disagreements, decided or not."""
        return self.why == "outvoted" or self.must_be_settled


def decide(votes: Sequence[T | None], *, min_votes: int) -> Verdict[T]:
    """The majority of the votes, if there are at least `min_votes`; None is not a vote.

    >>> decide(["a", "a", "b"], min_votes=2), decide(["a", "b", None], min_votes=2).why
    (Verdict(value='a', why='outvoted'), 'no majority')
    >>> decide(["a", None, None], min_votes=2).why, decide(["a", "a", None], min_votes=2).why
    ('too few votes', 'unanimous')
    """
    cast = [vote for vote in votes if vote is not None]
    if not cast:
        return Verdict(None, "no vote")
    if len(cast) < min_votes:
        return Verdict(None, "too few votes")
    word, n = Counter(cast).most_common(1)[0]
    if 2 * n <= len(cast):
        return Verdict(None, "no majority")
    return Verdict(word, "unanimous" if n == len(cast) else "outvoted")
