"""Ranked lists of some queries: choose the queries, and compute each system's list.

The lists are ranked again by the code of `evaluate`, for the shown queries only, and checked against the
result: the same crops (fingerprint) and the same rank of the first hit, otherwise they are not shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.load import build
from agreid_cli.config.report import ReportConfig
from agreid_cli.datasets.embedding_files import read_files
from agreid_cli.errors import AgreidError
from agreid_cli.metrics.protocol import fingerprint, sides
from agreid_cli.metrics.scoring import ranked, ranks_table
from agreid_cli.progress import SILENT
from agreid_cli.records.directions import find_direction
from agreid_cli.records.embedding_join import crops_of, join
from agreid_cli.records.embeddings import Embeddings
from agreid_cli.records.manifest import Known
from agreid_cli.records.results import RankingResult
from agreid_cli.records.split import read_split, sides_of
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.report.systems import System


@dataclass(frozen=True)
class Place:
    """One row of a ranks table."""

    rank: int
    gallery: str  # crop_id
    distance: float
    match: bool


Found = dict[str, list[Place]]  # query → its ranked list, nearest first


@dataclass
class Lists:
    """Ranks queries of systems; embeddings are read once per system.

    `known` is the manifest's data on the crops; data found only in the embeddings is added as lists are made.
    """

    workspace: Workspace
    known: dict[str, Known]
    config: ReportConfig
    ranks: pa.Table | None = None  # of --ranks
    _read: tuple[str, Embeddings] | None = None

    def of(self, system: System, result: RankingResult, queries: Sequence[str]) -> tuple[Found, str]:
        """The lists, or none and the message that says why."""
        found, why = self._from_table(system, result, queries)
        if found:
            return found, ""
        files = self._files(system, result)
        if not files:
            return {}, why or (
                f"{system.name}: no ranked lists, because its embeddings are missing. Give the lists with "
                "agreid evaluate --save-ranks FILE and agreid report --ranks FILE."
            )
        try:
            return self._ranked(system, result, queries, files), ""
        except AgreidError as error:
            return {}, f"{system.name}: no ranked lists; {error.message}."

    def _files(self, system: System, result: RankingResult) -> list[Path]:
        """The run's embeddings, or the files of `evaluate --embeddings`, as the result names them."""
        if system.run:
            return [system.run.embeddings] if system.run.embeddings.is_file() else []
        for words in ([result.source], result.source.split()):
            for base in (Path(), self.workspace.root):
                files = [base / word for word in words]
                if all(path.is_file() for path in files):
                    return files
        return []

    def _ranked(
        self, system: System, result: RankingResult, queries: Sequence[str], files: Sequence[Path]
    ) -> Found:
        embeddings = self._embeddings(system, files)
        split = self.workspace.split
        roles = None
        if result.roles == "split":
            roles = sides_of(read_split(split, crops_of(embeddings), complete=False))
        found = sides(embeddings, find_direction(result.direction), roles)
        if fingerprint(found, embeddings.crop_id) != result.fingerprint:
            raise AgreidError("its crops are no longer those of the result; run agreid evaluate again")
        place = {crop: row for row, crop in enumerate(embeddings.crop_id[found.query])}
        rows = np.array([place[crop] for crop in queries], np.intp)
        how = {"metric": result.metric, "rerank": result.rerank or None, "top_k": self.config.top}
        settings = build(EvaluateConfig, how, "the result")
        if not settings.rerank:  # re-ranking needs every query
            found, rows = found.only(rows), np.arange(len(rows))
        ranks, top = ranked(embeddings, found, settings, SILENT, top=True)
        assert top is not None
        hits = [result.per_query.first_hit[result.per_query.crop_id.index(crop)] for crop in queries]
        if ranks.first_hit[rows].tolist() != hits:
            raise AgreidError("its embeddings have changed since the result; run agreid evaluate again")
        lists = _by_query(ranks_table(embeddings, found, top), set(queries))
        self._learn(embeddings, {row.gallery for rows in lists.values() for row in rows} | set(queries))
        return lists

    def _learn(self, embeddings: Embeddings, crops: set[str]) -> None:
        """Add the data of these crops from the embeddings, where the manifest has none."""
        for row, crop in enumerate(embeddings.crop_id):
            if crop in crops and crop not in self.known:
                platform = embeddings.platform[row] or ""
                self.known[crop] = Known(int(embeddings.pid[row]), int(embeddings.camid[row]), platform)

    def _embeddings(self, system: System, files: Sequence[Path]) -> Embeddings:
        if self._read is None or self._read[0] != system.name:
            parts = read_files(files)
            found = join(parts, manifest=self.known, platform_of_camid={}, note=lambda text: None)
            self._read = system.name, found
        return self._read[1]

    def _from_table(self, system: System, result: RankingResult, queries: Sequence[str]) -> tuple[Found, str]:
        """From --ranks, if its lists are those of this result, according to the first hits."""
        if self.ranks is None:
            return {}, ""
        of_direction = np.asarray(self.ranks["direction"].to_numpy() == result.direction)
        found = _by_query(self.ranks.filter(pa.array(of_direction)), set(queries))
        first = {query: next((row.rank for row in rows if row.match), None) for query, rows in found.items()}
        wanted = dict(zip(result.per_query.crop_id, result.per_query.first_hit, strict=True))
        for query in queries:
            deepest = max((row.rank for row in found.get(query, ())), default=0)
            hit = wanted[query]
            if not deepest or first[query] != (hit if hit and hit <= deepest else None):
                return {}, f"{system.name}: the lists of --ranks are not those of its result."
        return {query: rows[: self.config.top] for query, rows in found.items()}, ""


def pick(result: RankingResult, n: int, order: str) -> list[str]:
    """The crop ids of at most n valid queries: spread evenly from the best to the worst, or the worst first.

    The spread includes both ends; queries with equal average precision are in ranking order.
    """
    scored = [
        (ap, crop)
        for crop, ap in zip(result.per_query.crop_id, result.per_query.average_precision, strict=True)
        if ap is not None
    ]
    if order == "worst":
        return [crop for _, crop in sorted(scored, key=lambda pair: pair[0])[:n]]
    best = sorted(scored, key=lambda pair: -pair[0])
    if not n or not best:
        return []
    places = np.unique(np.linspace(0, len(best) - 1, min(n, len(best))).round().astype(int))
    return [best[at][1] for at in places.tolist()]


def _by_query(table: pa.Table, queries: set[str]) -> Found:
    found: Found = {}
    for row in table.to_pylist():
        if row["query"] in queries:
            place = Place(row["rank"], row["gallery"], row["distance"], row["match"])
            found.setdefault(row["query"], []).append(place)
    return {query: sorted(places, key=lambda place: place.rank) for query, places in found.items()}
