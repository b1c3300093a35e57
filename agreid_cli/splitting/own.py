"""A new split as in the paper: half of the identities for training, half for test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agreid_cli.errors import InputError, Problem
from agreid_cli.records.directions import DIRECTIONS, Direction
from agreid_cli.splitting.directions import choose_directions
from agreid_cli.splitting.identities import MIN_TEST, divide
from agreid_cli.splitting.matching import has_match
from agreid_cli.splitting.queries import Sightings, query_mask, sightings
from agreid_cli.splitting.refusals import (
    refuse_no_direction,
    refuse_shared_cameras,
    refuse_too_few,
    refuse_untestable,
)
from agreid_cli.splitting.roles import GALLERY, NONE, QUERY, Roles
from agreid_cli.splitting.rows import Rows, people


def own_split(
    rows: Rows,
    *,
    seed: int,
    train_fraction: float = 0.5,
    queries_per_camera: int = 6,
    paired_in_train: float = 0.0,
    wanted: Sequence[str] = (),
    junk_in_gallery: bool = False,
) -> Roles:
    """The roles of every crop; equal rows and seed give equal roles.

    A test crop is either a query, in every direction from its platform in which it has a true match,
    or a gallery crop, in every direction to its platform. Raises `InputError` if the cameras or the
    identities do not suffice; a direction without any query is left out unless it is `wanted`.
    """
    refuse_shared_cameras(rows)
    pids = people(rows)
    refuse_too_few(pids)
    directions = choose_directions(rows, wanted)
    left_out: dict[str, str] = {}
    while True:
        seen = sightings(rows, directions, queries_per_camera)
        refuse_untestable(rows, directions, seen, strict=not wanted)
        train_pids, test_pids = divide(
            pids,
            _reach(pids, seen),
            train_fraction=train_fraction,
            paired_in_train=paired_in_train,
            rng=np.random.default_rng(seed),
        )
        asks = query_mask(len(rows), seen, test_pids)
        test = np.isin(rows.pid, test_pids) | (junk_in_gallery & ~rows.person)
        tested = {row.name: column_of(rows, row, asks, test) for row in directions}
        useless = {name: why for name, column in tested.items() if (why := _useless(rows, name, column))}
        if not useless:
            return Roles(np.isin(rows.pid, train_pids), tested, left_out)
        if wanted:
            raise InputError(
                "not every requested direction can be tested",
                problems=[Problem(f"direction {name}", why) for name, why in useless.items()],
                hint="Request fewer directions, or annotate more tracks of the same persons on both sides.",
            )
        # Without these directions fewer crops must stay in the gallery, so choose the rest again.
        left_out |= useless
        directions = [row for row in directions if row.name not in useless]
        refuse_no_direction(rows, directions, left_out)


def _useless(rows: Rows, name: str, column: np.ndarray) -> str:
    """Why a direction allowed by the cameras cannot be tested; empty if it can."""
    row = DIRECTIONS[name]
    asking, searched = ("/".join(side) or "spare" for side in (row.query, row.gallery))
    if not (column == QUERY).any():
        return f"no test identity has a {asking} query crop and a {searched} gallery crop of another camera"
    gallery = people(rows, column == GALLERY)
    if len(gallery) < MIN_TEST:
        return f"its gallery contains only pid {gallery[0]}, so every answer is correct"
    return ""


def column_of(rows: Rows, row: Direction, asks: np.ndarray, test: np.ndarray) -> np.ndarray:
    """NONE, QUERY or GALLERY in one direction, int8 (n,): `asks` may ask, the rest of `test` is searched."""
    gallery = test & ~asks & rows.on(row.gallery)
    query = has_match(rows.pid, rows.place(row.junk), asks & rows.on(row.query), gallery)
    column = np.where(query, QUERY, np.where(gallery, GALLERY, NONE))
    return column.astype(np.int8)


def _reach(pids: np.ndarray, seen: Sightings) -> np.ndarray:
    """0 cannot be tested, 1 within one view only, 2 across the views; int of shape (len(pids),)."""
    reach = np.zeros(len(pids), np.int64)
    np.maximum.at(reach, np.searchsorted(pids, seen.pid), (seen.quota > 0) + seen.crossing.astype(np.int64))
    return reach
