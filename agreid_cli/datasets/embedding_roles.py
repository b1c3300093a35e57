"""The query and gallery rows of an embedding file of another program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

ROLE_WORDS = {
    "query": "query", "queries": "query", "q": "query", "probe": "query",
    "gallery": "gallery", "galleries": "gallery", "g": "gallery", "ref": "gallery", "reference": "gallery",
}  # fmt: skip
#: Words for rows outside the test set, and words for test rows that do not give the side.
OTHER_WORDS = ("train", "training", "val", "valid", "validation", "unused", "none")
TEST_WORDS = ("test", "testing", "eval", "evaluation")


@dataclass(frozen=True)
class Roles:
    """A role for each row (None: not ranked), and the rows that are both query and gallery.

    `role` is None if the file gives no roles; then `kept` are the rows that may be ranked.
    """

    role: list[str | None] | None
    both: list[int]
    kept: list[int] | None = None
    notes: tuple[str, ...] = ()


def from_words(values: Sequence[str | None], name: str) -> Roles:
    """Roles from a column like `role` or `split`. An invalid role is kept, for `join` to report.

    >>> from_words(["query", "G", "train"], "split").role
    ['query', 'gallery', None]
    >>> from_words(["test", "train"], "split").kept
    [0]
    """
    lower = [(value or "").lower() for value in values]
    counts = Counter(lower)
    idle = {word: n for word, n in counts.items() if word in OTHER_WORDS or word == ""}
    note = _left_out(sum(idle.values()), name, [word for word in idle if word])
    if counts.keys() <= {*OTHER_WORDS, *TEST_WORDS, ""}:
        told = ", ".join(sorted(word for word in counts if word))
        why = (
            (f"column {name} says only {told}, so it does not distinguish queries from gallery",)
            if told
            else ()
        )
        kept = [row for row, word in enumerate(lower) if word not in idle or not told]
        return Roles(None, [], kept if len(kept) < len(lower) else None, (*why, *(note if told else ())))
    role = [ROLE_WORDS.get(word, None if word in idle or word in TEST_WORDS else values[row])
            for row, word in enumerate(lower)]  # fmt: skip
    n_test = sum(n for word, n in counts.items() if word in TEST_WORDS)
    return Roles(role, [], None, (*note, *_left_out(n_test, name, ["test"])))


def from_flags(is_query: Sequence[bool] | None, is_gallery: Sequence[bool] | None, names: str) -> Roles:
    """Roles from one or two columns of yes and no. With one of them, no means the other role.

    >>> from_flags([True, False], None, "is_query").role
    ['query', 'gallery']
    >>> both = from_flags([True, True, False], [True, False, False], "is_query, is_gallery")
    >>> both.role, both.both
    (['query', 'query', None], [0])
    """
    if is_query is None or is_gallery is None:
        one, yes, no = (
            (is_query, "query", "gallery") if is_query is not None else (is_gallery, "gallery", "query")
        )
        return Roles([yes if flag else no for flag in one or ()], [])
    role = ["query" if q else "gallery" if g else None for q, g in zip(is_query, is_gallery, strict=True)]
    both = [row for row, (q, g) in enumerate(zip(is_query, is_gallery, strict=True)) if q and g]
    return Roles(role, both, None, _left_out(role.count(None), names, []))


def _left_out(n: int, name: str, words: list[str]) -> tuple[str, ...]:
    of = f" ({', '.join(sorted(words))})" if words else ""
    return (f"{n:,} rows are neither query nor gallery by column {name}{of} and are not ranked",) if n else ()
