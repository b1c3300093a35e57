"""Tracks of the crops that are searched: the nearest tracks of a query, each with its nearest crop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agreid_cli.attributes.words import listed, many
from agreid_cli.errors import InputError
from agreid_cli.metrics.approximate import nearest_rows
from agreid_cli.metrics.best_pairs import BestPairs, Members
from agreid_cli.metrics.pooling import pooled_rows
from agreid_cli.metrics.ranking.exact import squared_distances, unit_rows
from agreid_cli.metrics.track_level import TrackLevel, to_tracks
from agreid_cli.progress import Progress
from agreid_cli.records.crop_names import match_names
from agreid_cli.records.crop_tracks import CropTracks, crop_tracks, missing_tracks
from agreid_cli.records.crops import CROPS
from agreid_cli.records.embeddings import Embeddings
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.workspace import Workspace

SHOWN = 3
Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class TrackAnswer:
    """row: of the track's crop that is nearest to the query. crops: how many the track has."""

    track: str
    distance: float
    row: int
    crops: int


@dataclass(frozen=True)
class TrackGallery:
    """The tracks of the searched crops, and the weight of each of their crops (None: all alike)."""

    level: TrackLevel
    weight: npt.NDArray[np.float64] | None
    pool: str
    metric: str

    def __len__(self) -> int:
        return len(self.level.tracks)

    def of_crop(self, row: int) -> tuple[int, npt.NDArray[np.float32]]:
        """The track of a crop, and the crops or the pooled vector that are compared for it."""
        at = (
            int(np.searchsorted(self.level.start, np.flatnonzero(self.level.rows == row)[0], side="right"))
            - 1
        )
        inside = slice(int(self.level.start[at]), int(self.level.start[at + 1]))
        rows = np.asarray(self.level.crops.take(self.level.rows[inside])[:], np.float32)
        if self.pool == "best":
            return at, rows
        weight = None if self.weight is None else self.weight[inside]
        return at, pooled_rows(rows, np.array([0, len(rows)]), weight, unit=self.unit)

    @property
    def unit(self) -> bool:
        return self.metric == "cosine"

    def nearest(
        self, query: npt.NDArray[np.float32], top: int, *, leave: int | None = None
    ) -> list[TrackAnswer]:
        """The nearest tracks of `query` (crops, D), nearest first; `leave` is a track that is no answer."""
        level = self.level
        vectors = level.crops.take(level.rows)
        if self.pool == "best":
            asked = Members(query, np.array([0, len(query)]))
            distance = BestPairs(asked, Members(vectors, level.start), self.metric)[:][0]
            order = np.argsort(distance, kind="stable")
        else:
            pooled = pooled_rows(vectors, level.start, self.weight, unit=self.unit)
            found = nearest_rows(query, pooled, len(self), self.metric)[0]
            order, distance = found.rows, np.empty(len(self))
            distance[found.rows] = found.distance
        chosen = [int(at) for at in order if at != leave][:top]
        return [self._answer(query, at, float(distance[at])) for at in chosen]

    def best(
        self, chances: npt.NDArray[np.float32], score: Callable[[npt.NDArray[np.float32]], Floats], top: int
    ) -> list[tuple[TrackAnswer, npt.NDArray[np.float32]]]:
        """The tracks with the highest `score` of their probabilities, best first, with these probabilities.

        chances: (crops, M). Those of a track are the mean of its crops, or of its best crop. The distance of
        an answer is its score; its row is the track's crop with the highest score of its own.
        """
        level = self.level
        own = score(np.asarray(chances))[level.rows]
        first = [
            int(a) + int(np.argmax(own[a:b])) for a, b in zip(level.start[:-1], level.start[1:], strict=True)
        ]
        said = np.asarray(chances)[level.rows[first]]
        if self.pool != "best":
            said = pooled_rows(np.asarray(chances)[level.rows], level.start, self.weight, unit=False)
        total = score(said)
        size = np.diff(level.start)
        return [
            (
                TrackAnswer(
                    str(level.tracks.crop_id[at]), float(total[at]), int(level.rows[first[at]]), int(size[at])
                ),
                said[at],
            )
            for at in np.argsort(-total, kind="stable")[:top].tolist()
        ]

    def _answer(self, query: npt.NDArray[np.float32], at: int, distance: float) -> TrackAnswer:
        level = self.level
        rows = level.rows[level.start[at] : level.start[at + 1]]
        crops = np.asarray(level.crops.take(rows)[:], np.float64)
        asked = np.asarray(query, np.float64)
        if self.unit:
            crops, asked = unit_rows(crops), unit_rows(asked)
        near = [squared_distances(one, crops, unit=self.unit) for one in asked]
        nearest = int(rows[int(np.argmin(np.min(near, axis=0)))])
        return TrackAnswer(str(level.tracks.crop_id[at]), distance, nearest, len(rows))


def tracks_here(workspace: Workspace) -> CropTracks:
    """The tracks of the manifest, else of crops.parquet; `InputError` if there are none."""
    if workspace.manifest.is_file():
        return crop_tracks(read_manifest(workspace.manifest), workspace.manifest)
    if workspace.crops.is_file():
        return crop_tracks(CROPS.read(workspace.crops), workspace.crops)
    raise missing_tracks(workspace.manifest)


def track_gallery(
    workspace: Workspace,
    blocks: Sequence[Any],
    names: Sequence[str],
    pid: Sequence[int | None],
    camid: Sequence[int | None],
    *,
    pool: str,
    metric: str,
    progress: Progress,
) -> TrackGallery:
    """Group crops, of whose vectors `blocks` hold the rows, into the tracks of the workspace."""
    of = tracks_here(workspace)
    ids = [match or name for match, name in zip(match_names(names, of.signals), names, strict=True)]
    if not any(name in of.track for name in ids):
        raise InputError(
            "none of the searched crops belongs to a track of this workspace",
            hint="Tracks are found by crop_id: search crops of this workspace, or leave out --level.",
        )
    nothing = np.array([None] * len(ids), object)
    crops = Embeddings(
        tuple(blocks), np.array(ids, object), np.array([-1 if p is None else p for p in pid], np.int64),
        np.array([0 if c is None else c for c in camid], np.int64), nothing, nothing,
    )  # fmt: skip
    level = to_tracks(crops, None, of)
    if level.divided:
        progress.note(
            f"{many(len(level.divided), 'track')} with crops of several identities "
            f"({listed(level.divided, SHOWN)}): the crops of each identity are a track of their own"
        )
    if level.n_alone:
        progress.note(
            f"crops that belong to no track, each searched as a track of one crop: {level.n_alone:,}"
        )
    return TrackGallery(level, level.quality(of) if pool == "weighted" else None, pool, metric)
