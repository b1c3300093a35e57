"""What is ranked in each direction: crops, or the tracks that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from agreid_cli.attributes.words import listed, many
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.errors import InputError, UsageError
from agreid_cli.metrics.protocol import Lists, Sides, fingerprint, sides
from agreid_cli.metrics.track_level import TrackLevel, both_sides, to_tracks
from agreid_cli.progress import Progress
from agreid_cli.records.crop_tracks import SIGNALS, CropTracks, crop_tracks, missing_tracks
from agreid_cli.records.directions import find_direction
from agreid_cli.records.embeddings import Embeddings
from agreid_cli.records.results import RankingResult

SHOWN = 3  # tracks named in a note


@dataclass(frozen=True)
class Case:
    """One direction: the rows, their two sides and fingerprint. distances: in place of vectors."""

    embeddings: Embeddings
    found: Sides
    mark: str
    distances: Any = None
    pool: str = ""  # of tracks
    n_query_crops: int | None = None  # pooled to the tracks of a side
    n_gallery_crops: int | None = None

    def stated(self, scored: RankingResult) -> RankingResult:
        """The result with what was ranked, if that is tracks."""
        if not self.pool:
            return scored
        return replace(
            scored, level="track", pool=self.pool,
            n_query_crops=self.n_query_crops, n_gallery_crops=self.n_gallery_crops,
        )  # fmt: skip


def crop_cases(embeddings: Embeddings, names: Sequence[str], lists: Lists | None) -> list[Case]:
    """Every crop is a row."""
    chosen = [sides(embeddings, find_direction(name), lists) for name in names]
    return [Case(embeddings, found, fingerprint(found, embeddings.crop_id)) for found in chosen]


def track_cases(
    embeddings: Embeddings,
    names: Sequence[str],
    lists: Lists | None,
    config: EvaluateConfig,
    manifest: pa.Table | None,
    path: Path,
    progress: Progress,
) -> list[Case]:
    """Every track is a row: its crops pooled as `config.pool` says. `path`: of the manifest."""
    if embeddings.distances is not None:
        raise InputError(
            "tracks are pooled from embeddings, and the file has only distances", hint="Leave out --level."
        )
    if config.pool == "best" and config.rerank:
        raise UsageError(
            "--rerank needs one vector a track, and --pool best has none",
            hint="Use --pool mean or weighted.",
        )
    if manifest is None:
        raise missing_tracks(path)
    of = crop_tracks(manifest, path)
    crop_cases(embeddings, names, lists)  # raises what is wrong with the crops
    level = to_tracks(embeddings, lists, of)
    _say_tracks(level, of, config.pool, progress)
    unit = config.metric == "cosine"
    pooled = level.tracks
    if config.pool != "best":
        pooled = level.pooled(level.quality(of) if config.pool == "weighted" else None, unit=unit)
    cases = []
    for name in names:
        found = sides(pooled, find_direction(name), level.lists)
        _say_both(level, found, progress)
        distances = level.best_pairs(found, config.metric) if config.pool == "best" else None
        size = np.diff(level.start)
        cases.append(
            Case(
                pooled, found, fingerprint(found, level.marks), distances, config.pool,
                int(size[found.query].sum()), int(size[found.gallery].sum()),
            )
        )  # fmt: skip
    return cases


def _say_tracks(level: TrackLevel, of: CropTracks, pool: str, progress: Progress) -> None:
    if level.divided:
        progress.note(
            f"{many(len(level.divided), 'track')} with crops of several identities "
            f"({listed(level.divided, SHOWN)}): the crops of each identity are a track of their own"
        )
    if level.n_alone:
        progress.note(f"crops that belong to no track, each ranked as a track of one crop: {level.n_alone:,}")
    ranked = level.crops.crop_id[level.rows]
    if pool == "weighted" and not any(any(of.signals.get(crop, ())) for crop in ranked):
        progress.note(f"no crop has a quality ({', '.join(SIGNALS)}): the weighted mean is the plain mean")


def _say_both(level: TrackLevel, found: Sides, progress: Progress) -> None:
    if found.roles != "platforms" and (both := both_sides(level, found)):
        progress.note(
            f"{found.direction.name}: {many(len(both), 'track')} with crops on both sides "
            f"({listed(both, SHOWN)}) are queries and in the gallery; in the gallery they are junk for "
            f"queries of their own {found.direction.junk}"
        )


def say_rows(case: Case, progress: Progress) -> None:
    """Where the roles come from, and which rows are not ranked."""
    found, unit = case.found, "track" if case.pool else "crop"
    if found.roles == "platforms":
        progress.note(
            f"{found.direction.name}: neither a split nor the file gives query and gallery roles, "
            f"so every {unit} of the query platform is a query and every {unit} of the gallery platform is "
            "in the gallery"
        )
    elif found.roles == "file" and (n := sum(role is None for role in case.embeddings.role)):
        progress.note(f"{found.direction.name}: {n:,} rows without a role (query, gallery) are not ranked")
    if found.n_junk:
        progress.note(f"{found.direction.name}: gallery {unit}s with pid -1, left out: {found.n_junk:,}")
