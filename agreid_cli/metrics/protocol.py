"""Choose the queries and the gallery of a direction, and compute the fingerprint of that choice.

Two scores are comparable if their fingerprints are equal: the same crops, with the same identities and
cameras, had the same roles.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from agreid_cli.errors import InputError, Problem
from agreid_cli.records.crops import VIEW_OF_PLATFORM
from agreid_cli.records.directions import DIRECTIONS, Direction, possible
from agreid_cli.records.embeddings import Embeddings
from agreid_cli.records.manifest import JUNK_PID
from agreid_cli.records.side import VIEWS

Rows = npt.NDArray[np.intp]
Ints = npt.NDArray[np.int64]
#: direction → (crop ids of the queries, crop ids of the gallery), as a split lists them.
Lists = Mapping[str, tuple[Sequence[str], Sequence[str]]]
SHOWN = 20


@dataclass(frozen=True)
class Sides:
    """Queries and gallery of one direction, as rows of an embedding set.

    `query_camid` and `gallery_camid` determine junk: the cameras, or the views (0 aerial, 1
    ground). Gallery crops with pid -1 are left out and counted in `n_junk`.
    """

    direction: Direction
    query: Rows
    gallery: Rows
    query_pid: Ints
    gallery_pid: Ints
    query_camid: Ints
    gallery_camid: Ints
    n_junk: int
    roles: str  # source of the roles: split, file or platforms

    def only(self, rows: Sequence[int] | Rows) -> Sides:
        """The same gallery for some of the queries, given by their places among the queries."""
        at = np.asarray(rows, np.intp)
        return replace(
            self, query=self.query[at], query_pid=self.query_pid[at], query_camid=self.query_camid[at]
        )


def sides(embeddings: Embeddings, direction: Direction, lists: Lists | None) -> Sides:
    """Choose the rows; roles come from the split's lists, else from the file, else from the platforms.

    Raises `InputError` if a listed crop has no embedding, a side is empty, or no query has a match.
    """
    if direction.listed_only and direction.name not in (lists or {}):
        raise InputError(
            f"direction {direction.name} exists only if the split lists it, and this one does not",
            hint=f"Possible here: {', '.join(directions_in(embeddings, lists)) or 'none'}",
        )
    if lists is not None:
        roles, (query, gallery) = "split", _listed(embeddings, direction, lists)
    else:
        has_roles = any(embeddings.role)
        asks = embeddings.role == "query" if has_roles else np.ones(len(embeddings), bool)
        searched = embeddings.role == "gallery" if has_roles else asks
        roles = "file" if has_roles else "platforms"
        query = _of_platform(embeddings, np.flatnonzero(asks), direction.query)
        gallery = _of_platform(embeddings, np.flatnonzero(searched), direction.gallery)
    if not len(query) or not len(gallery):
        raise _empty(embeddings, direction, lists, len(query), len(gallery))
    junk = embeddings.pid[gallery] == JUNK_PID
    gallery = gallery[~junk]
    camid = _views(embeddings, query, gallery) if direction.junk == "view" else embeddings.camid
    found = Sides(
        direction, query, gallery, embeddings.pid[query], embeddings.pid[gallery],
        camid[query], camid[gallery], int(junk.sum()), roles,
    )  # fmt: skip
    if not true_matches(found).any():
        raise _unmatched(found)
    return found


def true_matches(found: Sides) -> Ints:
    """The number of true matches of each query: same pid, other camera (or view); int64 of (queries,)."""
    n = len(found.gallery_pid)
    pid = np.unique(np.concatenate([found.gallery_pid, found.query_pid]), return_inverse=True)[1]
    camid = np.unique(np.concatenate([found.gallery_camid, found.query_camid]), return_inverse=True)[1]
    both = np.unique(pid * (int(camid.max(initial=0)) + 1) + camid, return_inverse=True)[1]
    same_pid = np.bincount(pid[:n], minlength=int(pid.max(initial=0)) + 1)[pid[n:]]
    junk = np.bincount(both[:n], minlength=int(both.max(initial=0)) + 1)[both[n:]]
    matches: Ints = same_pid - junk
    return matches


def fingerprint(found: Sides, crop_id: npt.NDArray[np.object_]) -> str:
    """Twelve hex digits of the sorted (crop_id, pid, camid, role) rows, independent of their order.

    `camid` is the value that determines junk, so CARGO's A↔G differs from ALL. Junk crops are not included,
    because no score depends on them.
    """
    digest = hashlib.sha256()
    for role, rows, pids, camids in (
        ("gallery", found.gallery, found.gallery_pid, found.gallery_camid),
        ("query", found.query, found.query_pid, found.query_camid),
    ):
        said = zip(crop_id[rows], pids.tolist(), camids.tolist(), strict=True)
        for line in sorted(f"{crop}\0{pid}\0{camid}\0{role}\n" for crop, pid, camid in said):
            digest.update(line.encode())
    return digest.hexdigest()[:12]


def directions_in(embeddings: Embeddings, lists: Lists | None) -> list[str]:
    """The directions that can be ranked, in the order of the table."""
    if lists is None:
        has_roles = any(embeddings.role)
        asking, searched = (
            embeddings.platform[embeddings.role == role] if has_roles else embeddings.platform
            for role in ("query", "gallery")
        )
        return possible(set(asking), set(searched))
    listed = {name for name, (query, gallery) in lists.items() if query and gallery}
    if "all" in listed:
        platform_of = dict(zip(embeddings.crop_id, embeddings.platform, strict=True))
        of_all = ({platform_of.get(crop) for crop in side} for side in lists["all"])
        listed |= set(possible(*of_all))
    return [name for name in DIRECTIONS if name in listed]


def _listed(embeddings: Embeddings, direction: Direction, lists: Lists) -> tuple[Rows, Rows]:
    """The rows that the split lists for a direction, or for `all` filtered by its platforms."""
    own = direction.name in lists
    chosen = lists.get(direction.name) or lists.get("all") or ((), ())
    rows, absent = [], []
    for role, crops, platforms in zip(
        ("query", "gallery"), chosen, (direction.query, direction.gallery), strict=True
    ):
        row_of = {crop: row for row, crop in enumerate(embeddings.crop_id)}
        mine = np.flatnonzero(embeddings.role == role)  # a file may contain a crop in both roles
        row_of.update({embeddings.crop_id[row]: int(row) for row in mine})
        absent += [Problem(f"crop {crop}", f"{role}, no embedding") for crop in crops if crop not in row_of]
        found = np.array([row_of[crop] for crop in crops if crop in row_of], np.intp)
        rows.append(found if own else _of_platform(embeddings, found, platforms))
    if absent:
        more = [Problem("", f"and {len(absent) - SHOWN} more")] if len(absent) > SHOWN else []
        raise InputError(
            f"{len(absent)} crops of the split have no embedding ({direction.name})",
            problems=[*absent[:SHOWN], *more],
            hint="Embed all crops of the split, or use the file's own roles with --set roles=file",
        )
    return rows[0], rows[1]


def _of_platform(embeddings: Embeddings, rows: Rows, platforms: Sequence[str]) -> Rows:
    return rows[np.isin(embeddings.platform[rows].astype(str), platforms)] if platforms else rows


def _views(embeddings: Embeddings, query: Rows, gallery: Rows) -> Ints:
    rows = np.concatenate([query, gallery])
    unknown = [row for row in rows if embeddings.platform[row] not in VIEW_OF_PLATFORM]
    if unknown:
        raise InputError(
            f"junk by view needs the platform of every crop, and {len(unknown)} have none",
            problems=[Problem(f"crop {embeddings.crop_id[row]}", "no platform") for row in unknown[:SHOWN]],
        )
    views = np.full(len(embeddings), -1, np.int64)
    views[rows] = [VIEWS.index(VIEW_OF_PLATFORM[embeddings.platform[row]]) for row in rows]
    return views


def _empty(
    embeddings: Embeddings, direction: Direction, lists: Lists | None, n_query: int, n_gallery: int
) -> InputError:
    have = directions_in(embeddings, lists)
    problems = []
    asked = (("query", n_query, direction.query), ("gallery", n_gallery, direction.gallery))
    for side, n, platforms in asked:
        if not n:
            of = f" of platform {' or '.join(platforms)}" if platforms else ""
            problems.append(Problem(side, f"{'' if lists is None else 'the split lists '}no crop{of}"))
    if None in set(embeddings.platform) and lists is None:
        problems.append(
            Problem("platform", "unknown for some crops; give it with --set platform_of_camid.0=uav")
        )
    return InputError(
        f"no crops to rank in direction {direction.name}",
        problems=problems,
        hint=f"Directions that can be ranked here: {', '.join(have) or 'none'}",
    )


def _unmatched(found: Sides) -> InputError:
    shared = set(found.query_pid.tolist()) & set(found.gallery_pid.tolist()) - {JUNK_PID}
    if shared:
        own = found.direction.junk
        what = f"{len(shared)} identities are on both sides, but only under the query's own {own}"
    else:
        what = "no identity is on both sides"
    return InputError(
        f"none of the {len(found.query)} queries has a true match in direction {found.direction.name}",
        problems=[Problem("", what)],
        hint="A true match has the query's pid and another camera. Check pid and camid of both sides.",
    )
