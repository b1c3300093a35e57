"""From crops to tracks: one row for each track of a person, with the role and the labels of its crops.

The crops of a track are pooled whole: a track is a query if one of its crops is, and all crops of it that
have a role in any direction represent it. Where annotation divides a track among several people, each
person's crops are a track of their own.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agreid_cli.errors import InputError, Problems
from agreid_cli.metrics.best_pairs import BestPairs, Members
from agreid_cli.metrics.pooling import Ints, pooled_rows
from agreid_cli.metrics.protocol import Lists, Rows, Sides
from agreid_cli.metrics.quality import crop_quality
from agreid_cli.records.crop_tracks import CropTracks
from agreid_cli.records.embeddings import Embeddings

POOLS = ("mean", "weighted", "best")


@dataclass(frozen=True)
class TrackLevel:
    """n tracks as an embedding set without vectors, and the rows of their crops in the set they come from.

    The crops of track t are the rows[start[t]:start[t + 1]]. marks: what identifies each in a fingerprint.
    """

    tracks: Embeddings
    lists: Lists | None
    crops: Embeddings
    rows: Rows
    start: Ints
    marks: npt.NDArray[np.object_]
    divided: tuple[str, ...]  # tracks with crops of several people
    n_alone: int  # crops that belong to no track, each of which is a track of one crop

    def members(self, tracks: Rows) -> tuple[Rows, Ints]:
        """The rows of the crops of some tracks, one track after the other, and where each begins."""
        size = np.diff(self.start)[tracks]
        start = np.concatenate([[0], np.cumsum(size)])
        within = np.arange(start[-1]) - np.repeat(start[:-1], size)
        return self.rows[np.repeat(self.start[:-1][tracks], size) + within], start

    def quality(self, of: CropTracks) -> npt.NDArray[np.float64]:
        """The weight of each of the `rows`, (rows,)."""
        nothing = (None, None, None)
        said = [of.signals.get(crop, nothing) for crop in self.crops.crop_id[self.rows]]
        signals = np.array(said, np.float64).reshape(-1, 3).T  # None becomes NaN
        return crop_quality(signals[0], signals[1], signals[2], self.crops.camid[self.rows])

    def pooled(self, weight: npt.NDArray[np.float64] | None, *, unit: bool) -> Embeddings:
        """The tracks with the mean of their crops, weighted by `weight` (rows,), as vectors."""
        vectors = pooled_rows(self.crops.take(self.rows), self.start, weight, unit=unit)
        return _with(self.tracks, vectors)

    def best_pairs(self, found: Sides, metric: str) -> BestPairs:
        """The distances between the tracks of two sides, by their best-matching pair of crops."""
        (q_rows, q_start), (g_rows, g_start) = self.members(found.query), self.members(found.gallery)
        query, gallery = Members(self.crops.take(q_rows), q_start), Members(self.crops.take(g_rows), g_start)
        return BestPairs(query, gallery, metric)


def to_tracks(crops: Embeddings, lists: Lists | None, of: CropTracks) -> TrackLevel:
    """Group the crops; `InputError` names tracks of several cameras or platforms, and crops without an id."""
    if crops.made_ids:
        raise InputError(
            "tracks need the crop ids of the embeddings, and these have none",
            hint="Save the crop_id, or the path of the image, with every row.",
        )
    keys = [
        (*track, int(pid)) if (track := of.track.get(crop)) else (crop, None, int(pid))
        for crop, pid in zip(crops.crop_id, crops.pid, strict=True)
    ]
    has_roles = lists is None and any(crops.role)
    listed = {crop for pair in (lists or {}).values() for side in pair for crop in side}
    members: dict[tuple[object, ...], list[int]] = defaultdict(list)
    roles: dict[tuple[object, ...], dict[str | None, None]] = defaultdict(dict)
    seen: set[str] = set()
    for row, (key, crop) in enumerate(zip(keys, crops.crop_id, strict=True)):
        role = crops.role[row] if has_roles else None
        if (has_roles and role is None) or (lists is not None and crop not in listed):
            continue
        roles[key][role] = None
        if crop not in seen:  # a file may contain a crop in both roles
            seen.add(crop)
            members[key].append(row)
    _check(crops, members)
    people = Counter(key[:2] for key in members)
    name_of = {key: _name(key, people[key[:2]]) for key in members}
    entries = [(key, role) for key in members for role in roles[key]]
    rows = [members[key] for key, _ in entries]
    first = np.array([of_track[0] for of_track in rows], np.intp)
    names = [name_of[key] for key, _ in entries]
    tracks = Embeddings(
        (), _objects(names), crops.pid[first], crops.camid[first], crops.platform[first],
        _objects([role for _, role in entries]), sources=crops.sources,
    )  # fmt: skip
    digest = {key: _digest(crops.crop_id[of_track]) for key, of_track in members.items()}
    return TrackLevel(
        tracks,
        None if lists is None else _lists(lists, dict(zip(crops.crop_id, keys, strict=True)), name_of),
        crops,
        np.array([row for of_track in rows for row in of_track], np.intp),
        np.concatenate([[0], np.cumsum([len(of_track) for of_track in rows], dtype=np.int64)]),
        _objects([f"track\0{name_of[key]}\0{digest[key]}" for key, _ in entries]),
        tuple(f"{video}:{track}" for (video, track), n in people.items() if n > 1),
        sum(key[1] is None for key in members),
    )


def both_sides(level: TrackLevel, found: Sides) -> list[str]:
    """The names of the tracks that are queries and in the gallery."""
    gallery = set(level.tracks.crop_id[found.gallery])
    return [name for name in level.tracks.crop_id[found.query] if name in gallery]


def _name(key: tuple[object, ...], people: int) -> str:
    video, track, pid = key
    if track is None:
        return str(video)
    return f"{video}:{track} pid {pid}" if people > 1 else f"{video}:{track}"


def _check(crops: Embeddings, members: dict[tuple[object, ...], list[int]]) -> None:
    problems = Problems()
    for (video, track, _), rows in members.items():
        for column, values in (("cameras", crops.camid), ("platforms", crops.platform)):
            if len(several := sorted({str(values[row]) for row in rows})) > 1:
                problems.add(f"track {video}:{track}", f"its crops are of {column} {' and '.join(several)}")
    problems.raise_if_any(
        "{n} tracks cannot be pooled", hint="A track is filmed by one camera: check video_id and track_id."
    )


def _digest(crop_ids: Sequence[str] | npt.NDArray[np.object_]) -> str:
    return hashlib.sha256("\0".join(sorted(crop_ids)).encode()).hexdigest()


def _lists(
    lists: Lists, key_of: dict[str, tuple[object, ...]], name_of: dict[tuple[object, ...], str]
) -> Lists:
    """The tracks of each side, by first appearance. Crops without an embedding are left out."""

    def tracks(side: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(name_of[key_of[crop]] for crop in side if crop in key_of))

    return {direction: (tracks(query), tracks(gallery)) for direction, (query, gallery) in lists.items()}


def _with(tracks: Embeddings, vectors: npt.NDArray[np.float32]) -> Embeddings:
    return Embeddings(
        (vectors,), tracks.crop_id, tracks.pid, tracks.camid, tracks.platform, tracks.role,
        sources=tracks.sources,
    )  # fmt: skip


def _objects(values: Sequence[object]) -> npt.NDArray[np.object_]:
    made = np.empty(len(values), object)
    made[:] = values
    return made
