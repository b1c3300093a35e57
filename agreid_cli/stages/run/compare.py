"""Runs or embedding files × data sets × directions → one table with intervals and paired tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.errors import InputError, MissingError, UsageError, did_you_mean
from agreid_cli.metrics.scoring import comparison
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.files import write_text
from agreid_cli.records.results import POOLED, Comparison, RankingResult
from agreid_cli.records.runs import Run, all_runs
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.evaluate import evaluate


@dataclass(frozen=True)
class System:
    """A run of the first workspace, or embedding files of one data set."""

    name: str
    run: Run | None = None
    file: Path | None = None


@dataclass(frozen=True)
class Row:
    """One score. comparison: this system minus the base, over the same queries; None for the base itself.

    why: the reason why there is no comparison, if the base was ranked over other crops.
    """

    data: str
    system: str
    result: RankingResult
    comparison: Comparison | None = None
    why: str = ""


@dataclass(frozen=True)
class Compared:
    """All scores in the order data set, direction, system. base: what others are tested against."""

    rows: tuple[Row, ...]
    base: str
    page: Path | None


def compare(
    workspace: Workspace,
    *,
    systems: Sequence[str],
    config: EvaluateConfig,
    data: Sequence[Path] = (),
    directions: Sequence[str] = (),
    base: str | None = None,
    out: Path | None = None,
    device: str = "auto",
    progress: Progress = SILENT,
) -> Compared:
    """Rank every system on every data set and test each against `base`, by default the first system.

    systems: names of runs of `workspace`, run folders, or embedding files; by default all runs.
    data: workspaces with a split, by default `workspace`. A run is embedded on each. Unknown names and a base
    that is not among the systems are refused before ranking starts.
    """
    found = _systems(workspace, systems)
    chosen = base or found[0].name
    if chosen not in {system.name for system in found}:
        raise UsageError(
            f"--base {chosen} is not among the systems{did_you_mean(chosen, [s.name for s in found])}"
        )
    places = [Workspace(path) for path in data] or [workspace]
    for place in places:
        if not place.split.is_file():
            raise MissingError(f"{place.split} does not exist", hint="Make it with: agreid build-split")
    with_intervals = config.model_copy(update={"ci": True})
    rows: list[Row] = []
    for label, place in zip(_labels(places), places, strict=True):
        scores = {
            system.name: _scores(workspace, place, system, with_intervals, directions, device, progress)
            for system in found
        }
        rows += _tested(label, scores, chosen, with_intervals)
    page = None
    if out is not None:
        from agreid_cli.reporting.compare_page import compare_page

        write_text(out, compare_page([_view(row) for row in rows], base=chosen))
        page = out
    return Compared(tuple(rows), chosen, page)


def _labels(places: Sequence[Workspace]) -> list[str]:
    """A name for each data set: its folder's, or the whole path where two folders have one name."""
    roots = [place.root.resolve() for place in places]
    if len(set(roots)) < len(roots):
        raise UsageError("a data set is named twice", hint="Name each workspace once.")
    names = [root.name for root in roots]
    return [name if names.count(name) == 1 else str(root) for name, root in zip(names, roots, strict=True)]


def _systems(workspace: Workspace, names: Sequence[str]) -> list[System]:
    runs = {run.name: run for run in all_runs(workspace)}
    if not names:
        if not runs:
            raise MissingError("there is no run to compare", hint="Train one with: agreid train")
        return [System(run.name, run) for run in reversed(list(runs.values()))]
    found = []
    for name in names:
        path = Path(name)
        if name in runs:
            found.append(System(name, runs[name]))
        elif path.is_dir() and Run(path).config.is_file():
            found.append(System(path.name, Run(path)))
        elif path.is_file():
            found.append(System(name, file=path))
        else:
            raise MissingError(
                f"there is no run and no embedding file '{name}'{did_you_mean(name, runs)}",
                hint=f"Runs: {', '.join(runs) or 'none'}",
            )
    twice = sorted({s.name for s in found if sum(t.name == s.name for t in found) > 1})
    if twice:
        raise UsageError(f"named twice: {', '.join(twice)}", hint="Name each system once.")
    return found


def _scores(
    home: Workspace,
    place: Workspace,
    system: System,
    config: EvaluateConfig,
    directions: Sequence[str],
    device: str,
    progress: Progress,
) -> list[RankingResult]:
    if system.file is not None:
        return evaluate(
            place, config=config, files=[system.file], directions=directions, keep=False, progress=progress
        )
    assert system.run is not None
    if system.run.root.resolve().parent == place.runs.resolve():
        return evaluate(
            place, config=config, run=system.run.name, directions=directions, device=device, progress=progress
        )
    from agreid_cli.stages.run.embed_elsewhere import embedded_on

    file = embedded_on(place, system.run, device=device, progress=progress)
    return evaluate(place, config=config, files=[file], directions=directions, keep=False, progress=progress)


def _tested(
    data: str, scores: dict[str, list[RankingResult]], base: str, config: EvaluateConfig
) -> list[Row]:
    order = list(dict.fromkeys(result.direction for results in scores.values() for result in results))
    bases = {result.direction: result for result in scores[base]}
    rows = []
    for direction in order:
        for name, results in scores.items():
            mine = next((result for result in results if result.direction == direction), None)
            if mine is None:
                raise InputError(f"{name} cannot be ranked {direction} on {data}")
            other = bases.get(direction)
            if name == base or other is None:
                rows.append(Row(data, name, mine))
            elif mine.fingerprint != other.fingerprint:
                prints = f"fingerprint {mine.fingerprint}, base {other.fingerprint}"
                why = f"ranked over other {mine.level}s ({prints})"
                rows.append(Row(data, name, mine, why=why))
            else:
                rows.append(Row(data, name, mine, comparison(mine, other, name=base, config=config)))
    return rows


def _view(row: Row) -> dict[str, object]:
    """The fields of a row shown on the page."""
    result = row.result
    assert result.ci is not None
    return {
        "data": row.data, "system": row.system, "direction": result.direction, "mAP": result.mAP,
        "mAP_ci": result.ci.mAP, "rank1": result.rank(1), "rank1_ci": result.ci.rank1, "mINP": result.mINP,
        "valid": result.n_valid, "gallery": result.n_gallery, "fingerprint": result.fingerprint,
        "unit": result.level, "pool": POOLED[result.pool],
        "metric": result.metric, "comparison": row.comparison, "why": row.why, "level": result.ci.level,
        "rounds": result.ci.rounds, "identities": result.ci.n_identities,
    }  # fmt: skip
