"""The directions that a set of crops supports."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agreid_cli.errors import InputError, Problems, did_you_mean
from agreid_cli.records.crops import PLATFORMS, VIEW_OF_PLATFORM
from agreid_cli.records.directions import DIRECTIONS, Direction
from agreid_cli.splitting.rows import Rows


def choose_directions(rows: Rows, wanted: Sequence[str] = ()) -> list[Direction]:
    """The directions to build: `wanted`, or all that the cameras of `rows` allow.

    Queries and gallery of the same platform need two cameras, because a person's own crops from the query's
    camera are junk. Raises `InputError` if a wanted one is impossible, or none is possible.
    """
    if wanted:
        return _checked(rows, wanted)
    cameras = cameras_of(rows)
    # A side that names a platform without crops would only repeat the direction without it.
    possible = [
        row
        for row in DIRECTIONS.values()
        if not row.listed_only
        and row.query
        and row.gallery
        and all(cameras[p] for p in (*row.query, *row.gallery))
        and not _lacking(row, cameras)
    ]
    if not possible:
        ((platform, (camid,)),) = ((name, cams) for name, cams in cameras.items() if cams)
        raise InputError(
            f"the people of this manifest are seen by one camera only: camera {camid} ({platform})",
            hint=add_view_hint("cctv" if platform == "uav" else "uav"),
        )
    return possible


def crosses_views(row: Direction) -> bool:
    """Whether a true match may have to be found in the other view.

    >>> [name for name in ("a2g", "g2w", "a2a", "all") if crosses_views(DIRECTIONS[name])]
    ['a2g', 'all']
    """
    asking, searched = ({VIEW_OF_PLATFORM[p] for p in side or PLATFORMS} for side in (row.query, row.gallery))
    return len(asking | searched) > 1


def add_view_hint(platform: str) -> str:
    """How to add the crops of another platform."""
    return (
        f"Add the other view: agreid extract-crops VIDEO --platform {platform}, then give the same person "
        "the same pid in identities.csv."
    )


def cameras_of(rows: Rows) -> dict[str, list[int]]:
    """platform → the cameras with a crop of a known person."""
    return {p: np.unique(rows.camid[rows.person & (rows.platform == p)]).tolist() for p in PLATFORMS}


def refuse_unknown(wanted: Sequence[str]) -> None:
    """Raise `InputError` with every unknown direction."""
    problems = Problems()
    for name in wanted:
        if name not in DIRECTIONS:
            problems.add(f"direction {name}", f"unknown{did_you_mean(name, DIRECTIONS)}")
    problems.raise_if_any("the configuration names unknown directions")


def _checked(rows: Rows, wanted: Sequence[str]) -> list[Direction]:
    refuse_unknown(wanted)
    cameras, problems = cameras_of(rows), Problems()
    chosen = [row for row in DIRECTIONS.values() if row.name in wanted]
    for row in chosen:
        if lacking := _lacking(row, cameras):
            problems.add(f"direction {row.name}", lacking)
    problems.raise_if_any(
        "the cameras of this manifest do not allow all requested directions",
        hint="Leave `directions` out of the configuration to build all that the cameras allow.",
    )
    return chosen


def _lacking(row: Direction, cameras: dict[str, list[int]]) -> str:
    """What the cameras lack for this direction; empty if nothing."""
    sides = [
        [p for p in PLATFORMS if cameras[p] and (p in side or not side)] for side in (row.query, row.gallery)
    ]
    for verb, side, named in (("query", sides[0], row.query), ("gallery", sides[1], row.gallery)):
        if not side:
            return f"no {' or '.join(named)} crops for the {verb}"
    used = {*sides[0], *sides[1]}
    if row.junk == "view":
        return "" if len({VIEW_OF_PLATFORM[p] for p in used}) > 1 else "needs both views"
    camids = sorted({camid for p in used for camid in cameras[p]})
    return "" if len(camids) > 1 else f"needs two cameras, and {'/'.join(used)} has only camera {camids[0]}"
