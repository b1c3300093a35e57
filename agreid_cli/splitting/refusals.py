"""Why a split of our own cannot be made: each a sentence, the identities or cameras, and the next step."""

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
    """Crops of one person by one camera are junk to each other, so a camera has one platform."""
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
            "a camera cannot be on two platforms: crops of one person by one camera are junk to each other",
            problems=problems,
            hint="Give each its own camera number when its crops are extracted (extract-crops --camid).",
        )


def refuse_too_few(pids: np.ndarray) -> None:
    """One identity to train on and two to test on are the least: among one, every answer is right."""
    n = len(pids)
    if n >= MIN_TRAIN + MIN_TEST:
        return
    what = f"{n} identities ({listed(pids.tolist())})" if n else "no identity, only junk (pid -1)"
    raise InputError(
        f"the manifest holds {what}; a split needs at least {MIN_TRAIN + MIN_TEST} identities, "
        f"{MIN_TRAIN} to train on and {MIN_TEST} to test on",
        hint="Give more tracks a pid in identities.csv, then run: agreid build-manifest",
    )


def refuse_untestable(rows: Rows, directions: Sequence[Direction], seen: Sightings, *, strict: bool) -> None:
    """Someone must be able to ask; with `strict`, across the views wherever both views are there."""
    both_here = bool(rows.aerial[rows.person].any() and (~rows.aerial[rows.person]).any())
    if seen.crossing.any() or ((seen.quota > 0).any() and not (strict and both_here)):
        return
    both = both_views(rows).tolist()
    hint = (
        "Give the tracks of one person the same pid in identities.csv, whichever camera saw them, then "
        "run: agreid build-manifest"
    )
    if not (both_here and any(map(crosses_views, directions))):
        what = f"no identity is seen by two cameras with a crop to spare ({_names(directions)})"
        places = [Problem("cameras", listed(np.unique(rows.camid[rows.person]).tolist()))]
    elif both:
        what = "the identities seen by both views have one crop in each: none is left to ask with"
        places = [Problem("identities", listed(both))]
        hint = "Ask in one direction only: agreid build-split --set 'directions=[\"a2g\"]'"
    else:
        what = "no identity is seen by both views, so that nobody can be searched for across them"
        places = [
            Problem("seen from the air", listed(people(rows, rows.aerial).tolist())),
            Problem("seen from the ground", listed(people(rows, ~rows.aerial).tolist())),
        ]
    raise InputError(what, problems=places, hint=hint)


def refuse_no_direction(rows: Rows, directions: Sequence[Direction], left_out: dict[str, str]) -> None:
    """Some direction must be left, and one across the views where both views are there."""
    both_here = len(both_views(rows)) > 0
    if directions and (not both_here or any(map(crosses_views, directions))):
        return
    raise InputError(
        "no direction between the views can be tested" if both_here else "no direction can be tested",
        problems=[Problem(f"direction {name}", why) for name, why in left_out.items()],
        hint="Label more tracks of the same persons on both sides in identities.csv, then run: "
        "agreid build-manifest",
    )


def listed(values: Sequence[int], limit: int = 12) -> str:
    """The first values and how many more there are.

    >>> listed([4, 5, 6], limit=2)
    '4, 5 and 1 more'
    """
    more = f" and {len(values) - limit} more" if len(values) > limit else ""
    return ", ".join(str(value) for value in values[:limit]) + more


def _names(directions: Sequence[Direction]) -> str:
    return ", ".join(row.name for row in directions)
