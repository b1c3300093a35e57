"""Format numbers and lists in messages."""

from __future__ import annotations

from collections.abc import Iterable


def many(n: int, one: str, more: str = "") -> str:
    """A number with its noun.

    >>> many(1, "crop"), many(1200, "crop"), many(2, "identity", "identities")
    ('1 crop', '1,200 crops', '2 identities')
    """
    return f"{n:,} {one if n == 1 else more or one + 's'}"


def people(n: int) -> str:
    """The number of identities."""
    return many(n, "identity", "identities")


def listed(values: Iterable[object], limit: int = 8) -> str:
    """The first few values and the number of the others.

    >>> listed(range(3)), listed(range(20), limit=2)
    ('0, 1, 2', '0, 1 and 18 more')
    """
    words = [str(value) for value in values]
    more = f" and {len(words) - limit} more" if len(words) > limit else ""
    return ", ".join(words[:limit]) + more
