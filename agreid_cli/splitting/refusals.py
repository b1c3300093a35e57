"""Errors when a new split cannot be made: reason, identities or cameras, and next step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agreid_cli.errors import InputError, Problem
from agreid_cli.records.directions import Direction
from agreid_cli.splitting.directions import crosses_views
from agreid_cli.splitting.identities import MIN_TEST, MIN_TRAIN
from agreid_cli.splitting.queries import Sightings
from agreid_cli.splitting.rows import Rows, both_views, people


def refuse_shared_cameras(rows: Rows) -> None:
    """Crops of one person from one camera are junk to each other, so a camera must have one platform."""
    pairs = sorted(set(zip(rows.camid.tolist(), rows.platform.tolist(), strict=True)))
    platforms: dict[int, list[str]] = {}
    for camid, platform in pairs:
        platforms.setdefault(camid, []).append(platform)
    problems = [
        Problem(f"camera {camid}", f"is on {' and '.join(names)}")
        for camid, names in platforms.items()
        if len(names) > 1
    ]
    if problems:
        raise InputError(
            "a camera cannot have two platforms: crops of one person from one camera are junk to each other",
            problems=problems,
            hint="Give each its own camera number when its crops are extracted (extract-crops --camid).",
        )


def refuse_too_few(pids: np.ndarray) -> None:
    """The minimum is one identity for training and two for test: with one, every answer is correct."""
    n = len(pids)
    if n >= MIN_TRAIN + MIN_TEST:
        return
    what = f"{n} identities ({listed(pids.tolist())})" if n else "no identity, only junk (pid -1)"
    raise InputError(
        f"the manifest has {what}; a split needs at least {MIN_TRAIN + MIN_TEST} identities, "
        f"{MIN_TRAIN} for training and {MIN_TEST} for test",
        hint="Give more tracks a pid in identities.csv, then run: agreid build-manifest",
    )


def refuse_untestable(rows: Rows, directions: Sequence[Direction], seen: Sightings, *, strict: bool) -> None:
    """Some identity must have queries; with `strict`, across the views if both views exist."""
    both_here = bool(rows.aerial[rows.person].any() and (~rows.aerial[rows.person]).any())
    if seen.crossing.any() or ((seen.quota > 0).any() and not (strict and both_here)):
        return
    both = both_views(rows).tolist()
    hint = (
        "Give the tracks of one person the same pid in identities.csv, whichever camera saw them, then "
        "run: agreid build-manifest"
    )
    if not (both_here and any(map(crosses_views, directions))):
        what = f"no identity is seen by two cameras with enough crops ({_names(directions)})"
        places = [Problem("cameras", listed(np.unique(rows.camid[rows.person]).tolist()))]
    elif both:
        what = "the identities seen in both views have one crop in each: none can be a query"
        places = [Problem("identities", listed(both))]
        hint = "Test one direction only: agreid build-split --set 'directions=[\"a2g\"]'"
    else:
        what = "no identity is seen in both views, so cross-view search cannot be tested"
        places = [
            Problem("aerial only", listed(people(rows, rows.aerial).tolist())),
            Problem("ground only", listed(people(rows, ~rows.aerial).tolist())),
        ]
    raise InputError(what, problems=places, hint=hint)


def refuse_no_direction(rows: Rows, directions: Sequence[Direction], left_out: dict[str, str]) -> None:
    """At least one direction must remain, and one across the views if both views exist."""
    both_here = len(both_views(rows)) > 0
    if directions and (not both_here or any(map(crosses_views, directions))):
        return
    raise InputError(
        "no cross-view direction can be tested" if both_here else "no direction can be tested",
        problems=[Problem(f"direction {name}", why) for name, why in left_out.items()],
        hint="Annotate more tracks of the same persons on both sides in identities.csv, then run: "
        "agreid build-manifest",
    )


def listed(values: Sequence[int], limit: int = 12) -> str:
    """The first values and the number of the others.

    >>> listed([4, 5, 6], limit=2)
    '4, 5 and 1 more'
    """
    more = f" and {len(values) - limit} more" if len(values) > limit else ""
    return ", ".join(str(value) for value in values[:limit]) + more


def _names(directions: Sequence[Direction]) -> str:
    return ", ".join(row.name for row in directions)
