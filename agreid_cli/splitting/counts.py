"""The counts of a split, as listed in the paper's §V-A, and what makes a split unusable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agreid_cli.errors import Problem
from agreid_cli.records.directions import DIRECTIONS
from agreid_cli.splitting.matching import has_match
from agreid_cli.splitting.roles import GALLERY, QUERY, Roles
from agreid_cli.splitting.rows import Rows, both_views, people


@dataclass(frozen=True)
class DirectionCounts:
    """One direction: `n_valid` of its `n_query` queries have a true match after the junk rule."""

    direction: str
    n_query: int
    n_valid: int
    n_dropped: int
    n_gallery: int  # without junk
    n_junk: int  # crops with pid -1 listed in the gallery; ignored by the ranking
    query_identities: int
    gallery_identities: int
    dropped_pids: tuple[int, ...]  # identities of the queries without a match


@dataclass(frozen=True)
class SplitCounts:
    """The whole split; each crop counts once, in however many directions it has a role."""

    train_identities: int
    train_crops: int
    train_identities_both_views: int
    test_identities: int
    test_crops: int
    test_identities_both_views: int
    query_aerial: int
    query_ground: int
    gallery_aerial: int
    gallery_ground: int
    junk_crops: int  # pid -1, listed in a gallery
    unused_crops: int
    directions: tuple[DirectionCounts, ...]


def count(rows: Rows, roles: Roles) -> SplitCounts:
    """Count crops and identities; junk is neither, as in the published counts of Market-1501."""
    tested, query = roles.plays(QUERY, GALLERY), roles.plays(QUERY)
    test, gallery = tested & rows.person, roles.plays(GALLERY) & rows.person
    train_both, test_both = both_views(rows, roles.train), both_views(rows, test)
    return SplitCounts(
        train_identities=len(people(rows, roles.train)),
        train_crops=int(roles.train.sum()),
        train_identities_both_views=len(train_both),
        test_identities=len(people(rows, test)),
        test_crops=int(test.sum()),
        test_identities_both_views=len(test_both),
        query_aerial=int((query & rows.aerial).sum()),
        query_ground=int((query & ~rows.aerial).sum()),
        gallery_aerial=int((gallery & rows.aerial).sum()),
        gallery_ground=int((gallery & ~rows.aerial).sum()),
        junk_crops=int((tested & ~rows.person).sum()),
        unused_crops=int((~roles.train & ~tested).sum()),
        directions=tuple(_count_direction(rows, name, column) for name, column in roles.tested.items()),
    )


def problems_of(rows: Rows, roles: Roles, counts: SplitCounts) -> list[Problem]:
    """Problems that forbid writing: identities in train and test, a direction without a true match."""
    test = roles.plays(QUERY, GALLERY)
    shared = np.intersect1d(rows.pid[roles.train & rows.person], rows.pid[test & rows.person])
    problems = [Problem(f"pid {pid}", "is in train and in test") for pid in shared[:20].tolist()]
    if len(shared) > 20:
        problems.append(Problem("", f"... and {len(shared) - 20} more identities in both"))
    for part in counts.directions:
        if not part.n_valid:
            problems.append(Problem(f"direction {part.direction}", _why_unmatched(rows, roles, part)))
    return problems


def _why_unmatched(rows: Rows, roles: Roles, part: DirectionCounts) -> str:
    """Which of two causes leaves every query without a true match: other people, or the own camera alone."""
    if not part.n_query:
        return "no query"
    column = roles.tested[part.direction]
    shared = np.intersect1d(people(rows, column == QUERY), people(rows, column == GALLERY))
    none = f"none of its {part.n_query} queries has a true match"
    if not len(shared):
        return f"{none}: no query's pid is in the gallery"
    own = "view" if DIRECTIONS[part.direction].junk == "view" else "camera"
    return f"{none}: every gallery crop of a query's pid is by the query's own {own}, which is junk"


def _count_direction(rows: Rows, name: str, column: np.ndarray) -> DirectionCounts:
    query, gallery = column == QUERY, column == GALLERY
    valid = has_match(rows.pid, rows.place(DIRECTIONS[name].junk), query, gallery)
    return DirectionCounts(
        direction=name,
        n_query=int(query.sum()),
        n_valid=int(valid.sum()),
        n_dropped=int((query & ~valid).sum()),
        n_gallery=int((gallery & rows.person).sum()),
        n_junk=int((gallery & ~rows.person).sum()),
        query_identities=len(people(rows, query)),
        gallery_identities=len(people(rows, gallery)),
        dropped_pids=tuple(np.unique(rows.pid[query & ~valid]).tolist()),
    )
