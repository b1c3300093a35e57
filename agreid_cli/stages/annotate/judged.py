"""Judgements of pairs → the parts of tracks that they compare, and the pids that accepted ones give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agreid_cli.attributes.judgements_csv import Judgements
from agreid_cli.attributes.words import listed, many
from agreid_cli.errors import Problems
from agreid_cli.records.manifest import JUNK_PID
from agreid_cli.stages.annotate.rows import Track

Part = tuple[Track, int | None]  # a track, and the frame of the part's first crop
Pair = tuple[int, int]


def judged_parts(
    parts: Sequence[Part], told: Judgements, name: str, problems: Problems
) -> tuple[list[Pair], list[Pair], list[tuple[int, bool]]]:
    """The places of pairs judged to be one person, of those judged to be two, and the judgements within one
    part: its place, and whether it was judged to be one person. Opposite judgements of a pair are added to
    `problems`; `name` is the file.
    """
    places: dict[Track, list[int]] = defaultdict(list)
    for at, (track, _) in enumerate(parts):
        places[track].append(at)

    def place(track: Track, frame: int | None) -> int:
        """The part with this frame: the last that begins at or before it."""
        mine = places[track]
        if frame is None:
            return mine[0]
        return max((at for at in mine if (parts[at][1] or 0) <= frame), default=mine[0])

    answers: dict[Pair, tuple[bool, int]] = {}
    within: list[tuple[int, bool]] = []
    for row in told.rows:
        one, other = sorted((place(row.a, row.frame_a), place(row.b, row.frame_b)))
        if one == other:
            within.append((one, row.same))  # its parts have been joined since, or were never divided
            continue
        before = answers.setdefault((one, other), (row.same, row.line))
        if before[0] != row.same:
            problems.add(f"{name}, line {row.line}", f"says the opposite of line {before[1]}")
    same, differ = (
        [pair for pair, (said, _) in answers.items() if said is wanted] for wanted in (True, False)
    )
    return same, differ, within


def accepted_pids(
    pids: Sequence[int | None], same: Sequence[Pair], taken: Collection[int]
) -> list[int | None]:
    """The pids with those that follow from accepted pairs: of the other track, else a new one.

    Tracks that identities.csv calls different people, or a person and a non-person, keep what it says.
    `taken` are pids that no new identity gets.

    >>> accepted_pids([None, 7, None, None], [(0, 1), (2, 3)], [9])
    [7, 7, 10, 10]
    """
    group = list(range(len(pids)))

    def top(at: int) -> int:
        while group[at] != at:
            group[at] = group[group[at]]
            at = group[at]
        return at

    for a, b in same:
        one, other = sorted((top(a), top(b)))
        group[other] = one
    members: dict[int, list[int]] = defaultdict(list)
    for at in sorted({at for pair in same for at in pair}):
        members[top(at)].append(at)
    found = list(pids)
    fresh = max([0, *taken, *(pid for pid in pids if pid is not None)])
    for mine in members.values():
        said = {pids[at] for at in mine} - {None}
        if len(said) > 1 or JUNK_PID in said:
            continue
        if not said:
            fresh += 1
        pid = said.pop() if said else fresh
        for at in mine:
            found[at] = pid
    return found


@dataclass(frozen=True)
class PageAnswers:
    """rows: [track, first crop, other track, its first crop, 1 or 0]. `notes` are messages for the user."""

    rows: list[list[int]]
    notes: list[str] = field(default_factory=list)


def page_answers(
    rows: Mapping[Track, Sequence[Mapping[str, Any]]],
    spans: list[list[Any]],
    told: Judgements,
    labels: Collection[int],
    problems: Problems,
    name: str,
) -> PageAnswers:
    """The judgements of the parts `spans` ([track, first crop, last crop, pid]); accepted pairs give pids.

    `spans` is changed. Judgements that contradict identities.csv are named, and the page does not use them.
    `name` is the file.
    """
    tracks = list(rows)
    parts = [(tracks[at], rows[tracks[at]][first]["frame"]) for at, first, _, _ in spans]
    same, differ, within = judged_parts(parts, told, name, problems)
    before = [None if span[3] is None else int(span[3]) for span in spans]
    after = accepted_pids(before, same, labels)
    for span, pid in zip(spans, after, strict=True):
        span[3] = None if pid is None else str(pid)
    notes = []
    if within:
        notes.append(
            f"{name}: {many(len(within), 'judgement')} not used: both sides are now in one part of a track"
        )
    if n := sum(old is None and new is not None for old, new in zip(before, after, strict=True)):
        notes.append(f"{name}: {many(n, 'track')} without a pid: an accepted pair gives it")
    clash = [(a, b) for a, b in same if after[a] is None or after[a] != after[b]]
    clash += [(a, b) for a, b in differ if after[a] is not None and after[a] == after[b] != JUNK_PID]
    if clash:
        shown = (" and ".join(f"{parts[at][0][0]}:{parts[at][0][1]}" for at in pair) for pair in clash)
        notes.append(
            f"{name}: {many(len(clash), 'judgement')} not used: contrary to identities.csv or to another "
            f"judgement: {listed(shown, 3)}"
        )
    said = [*((pair, 1) for pair in same), *((pair, 0) for pair in differ)]
    return PageAnswers([[*spans[a][:2], *spans[b][:2], answer] for (a, b), answer in said], notes)
