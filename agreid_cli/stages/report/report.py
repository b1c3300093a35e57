"""Runs and results → one self-contained `report.html`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from agreid_cli import __version__
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.report import ReportConfig
from agreid_cli.errors import UsageError
from agreid_cli.metrics.scoring import comparison
from agreid_cli.progress import SILENT, Progress, Task
from agreid_cli.records.directions import DIRECTIONS
from agreid_cli.records.files import write_text
from agreid_cli.records.manifest import known_crops, read_manifest
from agreid_cli.records.ranks import RANKS
from agreid_cli.records.results import RankingResult
from agreid_cli.records.workspace import Workspace
from agreid_cli.reporting.charts import cmc_chart, score_chart
from agreid_cli.reporting.page import page
from agreid_cli.reporting.thumbnails import Thumbnails
from agreid_cli.reporting.view import Crop, DirectionView, Fact, Neighbour, Query, RankedList, Report, Scored
from agreid_cli.stages.report.explanations import explanation_views, search_view
from agreid_cli.stages.report.lists import Found, Lists, Place, pick
from agreid_cli.stages.report.parts import (
    configuration,
    data_view,
    paper_view,
    pictures_view,
    training_view,
)
from agreid_cli.stages.report.systems import System, systems_of


@dataclass(frozen=True)
class ReportResult:
    """What was written; `notes` list what is missing in the page."""

    path: Path
    size_bytes: int
    systems: tuple[str, ...]
    directions: tuple[str, ...]
    queries: int
    pictures: int
    notes: tuple[str, ...]


def report(
    workspace: Workspace,
    *,
    config: ReportConfig,
    runs: Sequence[str] = (),
    ranks: Path | None = None,
    out: Path | None = None,
    progress: Progress = SILENT,
) -> ReportResult:
    """Write the page to `out` (default: `report.html` of the workspace) atomically.

    Equal inputs give equal bytes. Raises `MissingError` if there is nothing to report.
    """
    place = out or workspace.root / "report.html"
    if place.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{place} does not end in .html", hint="The report is a web page: --out report.html")
    systems, older = systems_of(workspace, runs=runs, config=config)
    manifest = read_manifest(workspace.manifest) if workspace.manifest.is_file() else None
    named = [name for name in DIRECTIONS if any(name in system.results for system in systems)]
    thumbnails = Thumbnails(_paths(workspace, manifest), config.crop_px, config.jpeg_quality)
    known = known_crops(workspace.manifest) if manifest is not None else {}
    lists = Lists(workspace, known, config, RANKS.read(ranks) if ranks else None)
    maker = _Maker(systems, config, lists, thumbnails)
    with progress.task("report", len(named) + 1, "parts") as task:
        directions = tuple(maker.direction(name, task) for name in named)
        training = tuple(curves for system in systems if (curves := training_view(system)))
        configurations = tuple(told for system in systems if (told := configuration(system)))
        task.advance()
    notes = _notes(systems, older, named, thumbnails, manifest)
    view = Report(
        title=workspace.root.resolve().name,
        version=__version__,
        systems=tuple(Fact(system.name, _what(system)) for system in systems),
        directions=directions,
        training=training,
        data=data_view(workspace, manifest) if manifest is not None else None,
        data_sentence=f"There is no manifest ({workspace.manifest.name}) here, so only the embeddings "
        "describe the crops.",
        paper=paper_view(systems, manifest),
        configurations=configurations,
        pictures=thumbnails.shown,
        missing=len(thumbnails.missing),
        notes=notes,
        explanations=tuple(view for system in systems for view in explanation_views(system)),
        searches=tuple(found for system in systems if (found := search_view(system))),
        explained=tuple(drawn for system in systems if (drawn := pictures_view(system, config.pairs))),
    )
    text = page(view)
    write_text(place, text)
    said = (*notes, *(sentence for direction in directions for sentence in direction.sentences))
    for sentence in said:
        progress.note(sentence)
    return ReportResult(
        path=place,
        size_bytes=len(text.encode("utf-8")),
        systems=tuple(system.name for system in systems),
        directions=tuple(named),
        queries=sum(len(direction.queries) for direction in directions),
        pictures=thumbnails.shown,
        notes=said,
    )


@dataclass(frozen=True)
class _Maker:
    """Builds the view of one direction after the other."""

    systems: tuple[System, ...]
    config: ReportConfig
    lists: Lists
    thumbnails: Thumbnails

    def direction(self, name: str, task: Task) -> DirectionView:
        measured = [system for system in self.systems if name in system.results]
        results = tuple((system.name, system.results[name]) for system in measured)
        queries, sentences = self._queries(measured, name)
        task.advance(crops=self.thumbnails.shown)
        row = DIRECTIONS[name]
        return DirectionView(
            name=name,
            says=row.says,
            scored=tuple(self._scored(results, nth) for nth in range(len(results))),
            scores=score_chart(name, "mAP and Rank-1", results),
            cmc=cmc_chart(name, "Cumulative matching", results, self.config.cmc_depth),
            queries=queries,
            order=self.config.order,
            sentences=sentences,
        )

    def _scored(self, results: Sequence[tuple[str, RankingResult]], nth: int) -> Scored:
        """A row of the table, compared with the first system if both ranked the same crops."""
        name, result = results[nth]
        first_name, first = results[0]
        if not nth or first.fingerprint != result.fingerprint or not result.n_valid:
            return Scored(name, result, None)
        how = EvaluateConfig(rounds=self.config.rounds, seed=self.config.seed, ci_level=self.config.ci_level)
        return Scored(name, result, comparison(result, first, name=first_name, config=how))

    def _queries(self, measured: Sequence[System], name: str) -> tuple[tuple[Query, ...], tuple[str, ...]]:
        """The newest system determines the queries; systems with the same crops are shown beside it."""
        if not (measured := [system for system in measured if not system.of]):
            return (), ("Ranked lists show crops, and only tracks were ranked.",)
        main = measured[-1].results[name]
        chosen = pick(main, self.config.queries, self.config.order)
        same = [s for s in measured if s.results[name].fingerprint == main.fingerprint]
        answered: list[tuple[System, Found]] = []
        sentences = []
        if not chosen:
            return (), ("No ranked lists are shown, because report.queries is 0.",) if main.n_valid else ()
        for system in same[-self.config.lists :]:
            found, why = self.lists.of(system, system.results[name], chosen)
            answered += [(system, found)] if found else []
            sentences += [why] if why else []
        if not answered:
            return (), tuple(sentences)
        return tuple(self._query(crop, name, answered) for crop in chosen), tuple(sentences)

    def _query(self, crop: str, name: str, answered: Sequence[tuple[System, Found]]) -> Query:
        lists = []
        n_match = pid = 0
        for system, found in answered:
            queries = system.results[name].per_query
            at = queries.crop_id.index(crop)
            n_match, pid = queries.n_match[at], queries.pid[at]
            nearest = tuple(self._neighbour(row, pid) for row in found[crop])
            ap, hit = queries.average_precision[at], queries.first_hit[at]
            lists.append(RankedList(system.name, ap or 0.0, hit or 0, nearest))
        return Query(self._crop(crop, pid), n_match, tuple(lists))

    def _neighbour(self, place: Place, query_pid: int) -> Neighbour:
        crop = self._crop(place.gallery, query_pid if place.match else None)
        return Neighbour(place.rank, crop, place.distance, place.match)

    def _crop(self, crop: str, pid: int | None) -> Crop:
        known = self.lists.known.get(crop)
        if known is None:
            return Crop(crop, pid, None, "", self.thumbnails.of(crop))
        return Crop(crop, known.pid, known.camid, known.platform, self.thumbnails.of(crop))


def _paths(workspace: Workspace, manifest: pa.Table | None) -> dict[str, Path]:
    """The image of each crop; the manifest's paths are relative to it."""
    if manifest is None:
        return {}
    base = os.path.realpath(workspace.root)
    return {
        crop: Path(os.path.normpath(os.path.join(base, path)))
        for crop, path in zip(manifest["crop_id"].to_pylist(), manifest["path"].to_pylist(), strict=True)
    }


def _what(system: System) -> str:
    if system.of:
        return f"{system.of}, with the crops of each track pooled"
    if system.run is None:
        return "embeddings of another program"
    return f"run, recipe {system.recipe}" if system.recipe else "run"


def _notes(
    systems: Sequence[System],
    older: int,
    named: Sequence[str],
    thumbnails: Thumbnails,
    manifest: pa.Table | None,
) -> tuple[str, ...]:
    """What is missing in the report."""
    found = []
    if older:
        found.append(f"{older} older runs are left out; choose runs with --run, or raise report.runs.")
    for system in systems:
        if not (system.results or system.explanations or system.attributes):
            found.append(f"{system.name} has no results: agreid evaluate --run {system.name}")
    if not named:
        found.append("There are no results yet, so there are no scores and no ranked lists.")
    if thumbnails.missing and manifest is not None:
        found.append(
            f"The images of {len(thumbnails.missing)} crops are not where the manifest says; "
            "their names are shown instead."
        )
    elif thumbnails.missing:
        found.append(
            "Without a manifest the locations of the images are unknown; the names of the crops are shown."
        )
    return tuple(found)
