"""The runs and results of a report, each read once, with confidence intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from agreid_cli.config.load import read_toml
from agreid_cli.config.report import ReportConfig
from agreid_cli.errors import InputError, MissingError, Problem, Problems
from agreid_cli.metrics.bootstrap import bootstrap
from agreid_cli.metrics.ranking.ranking import Ranks
from agreid_cli.records.attribute_search import AttributeSearch, attributes_path, read_attribute_search
from agreid_cli.records.baselines import BASELINES
from agreid_cli.records.directions import DIRECTIONS
from agreid_cli.records.explanation import ExplanationResult, explanation_path, read_explanation
from agreid_cli.records.results import POOLED, Interval, RankingResult, read_result, result_kind
from agreid_cli.records.runs import Run, all_runs, find_run
from agreid_cli.records.workspace import Workspace


@dataclass(frozen=True)
class System:
    """Something that was evaluated: a run, or embeddings of another program."""

    name: str
    run: Run | None
    results: dict[str, RankingResult]  # by direction
    config: dict[str, Any]  # of the run, as it ran
    explanations: dict[str, ExplanationResult] = field(default_factory=dict)  # by direction
    attributes: AttributeSearch | None = None  # search by description
    of: str = ""  # the system whose tracks were ranked

    @property
    def recipe(self) -> str:
        return str(self.config.get("recipe", ""))


def systems_of(
    workspace: Workspace, *, runs: Sequence[str], config: ReportConfig
) -> tuple[tuple[System, ...], int]:
    """Oldest first, and the number of older runs left out.

    Without names: the newest runs, and every result in `results/`; with names, the baselines beside them.
    Raises `MissingError` when there is neither, `InputError` with every file that cannot be read.
    """
    every = all_runs(workspace)
    chosen = [find_run(workspace, name) for name in dict.fromkeys(runs)] if runs else every[: config.runs]
    if not runs:
        chosen.reverse()
    problems = Problems()
    found = [system for run in chosen for system in _of_run(run, config, problems)]
    others = _of_files(workspace, config, problems)
    floor = [system for system in others if (system.of or system.name) in BASELINES.values()]
    found = floor + found
    if not runs:
        found += [system for system in others if system not in floor]
    problems.raise_if_any("files that the report needs cannot be read: {n}")
    if not found:
        raise MissingError(
            f"nothing to report: {workspace.root} contains no run and no result",
            hint="Train and evaluate first: agreid train, then agreid evaluate. Or evaluate embeddings of "
            "any program: agreid evaluate --embeddings FILE --direction a2g",
        )
    return tuple(found), 0 if runs else len(every) - len(chosen)


def _of_run(run: Run, config: ReportConfig, problems: Problems) -> list[System]:
    """The run over crops, and over tracks if they were ranked."""
    results: dict[str, RankingResult] = {}
    tracks: dict[str, RankingResult] = {}
    explanations: dict[str, ExplanationResult] = {}
    for direction in DIRECTIONS:
        if run.result(direction).is_file():
            _read(run.result(direction), direction, results, config, problems)
        if (pooled := run.result(result_kind(direction, "track"))).is_file():
            _read(pooled, direction, tracks, config, problems)
        if (path := explanation_path(run, direction)).is_file():
            try:
                explanations[direction] = read_explanation(path)
            except InputError as error:
                problems.extend([Problem("", error.message), *error.problems])
    searched: AttributeSearch | None = None
    if (path := attributes_path(run)).is_file():
        try:
            searched = read_attribute_search(path)
        except InputError as error:
            problems.extend([Problem("", error.message), *error.problems])
    tree: dict[str, Any] = {}
    if run.config.is_file():
        try:
            tree = read_toml(run.config)
        except InputError as error:
            problems.add("", error.message)
    return [System(run.name, run, results, tree, explanations, searched), *_tracks(run.name, tracks, tree)]


def _of_files(workspace: Workspace, config: ReportConfig, problems: Problems) -> list[System]:
    crops: dict[str, dict[str, RankingResult]] = {}
    tracks: dict[str, dict[str, RankingResult]] = {}
    for path in sorted(workspace.results.glob("*.json")):
        name = path.stem.removesuffix("-track")
        groups = crops if name == path.stem else tracks
        stem, _, direction = name.rpartition("-")
        if stem and direction in DIRECTIONS:
            _read(path, direction, groups.setdefault(stem, {}), config, problems)
    found = []
    for stem in dict.fromkeys((*crops, *tracks)):
        if stem in crops:
            found.append(System(stem, None, _in_order(crops[stem]), {}))
        found += _tracks(stem, tracks.get(stem, {}), {})
    return found


def _tracks(name: str, results: dict[str, RankingResult], tree: dict[str, Any]) -> list[System]:
    """A system of its own for the rankings of tracks: they are not comparable with those of crops."""
    if not results:
        return []
    pools = " or ".join(dict.fromkeys(POOLED[result.pool] for result in results.values()))
    return [System(f"{name}, tracks ({pools})", None, _in_order(results), tree, of=name)]


def _in_order(results: dict[str, RankingResult]) -> dict[str, RankingResult]:
    return {name: results[name] for name in DIRECTIONS if name in results}


def _read(
    path: Path, direction: str, results: dict[str, RankingResult], config: ReportConfig, problems: Problems
) -> None:
    try:
        results[direction] = with_interval(read_result(path), config)
    except InputError as error:
        problems.extend([Problem("", error.message), *error.problems])


def with_interval(result: RankingResult, config: ReportConfig) -> RankingResult:
    """The result with a bootstrap interval, computed here unless `evaluate --ci` has done so."""
    if result.ci or not result.n_valid:
        return result
    queries = result.per_query
    ranks = Ranks(
        np.array(queries.average_precision, np.float64),  # None becomes NaN
        np.array([hit or 0 for hit in queries.first_hit], np.int64),
        np.full(result.n_query, np.nan),
        np.array(queries.n_match, np.int64),
    )
    drawn = bootstrap(
        ranks, np.array(queries.pid), rounds=config.rounds, seed=config.seed, level=config.ci_level
    )
    mAP, rank1 = drawn.mAP, drawn.rank1
    interval = Interval(
        (mAP.low, mAP.high), (rank1.low, rank1.high), drawn.level, drawn.rounds, drawn.n_identities
    )
    return replace(result, ci=interval)
