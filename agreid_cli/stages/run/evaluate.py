"""Embeddings → Results: rank embeddings of a run or of another program, and report over which crops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from agreid_cli.config.engine import EngineConfig
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.datasets.embedding_files import read_files
from agreid_cli.engine.run import LOCAL
from agreid_cli.errors import InputError, MissingError, Problem, UsageError
from agreid_cli.metrics.protocol import Lists, directions_in
from agreid_cli.metrics.scoring import comparison, ranked, ranks_table, result
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.directions import BOTH, find_directions
from agreid_cli.records.embedding_join import crops_of, join
from agreid_cli.records.embeddings import Embeddings
from agreid_cli.records.manifest import known_of, read_manifest
from agreid_cli.records.ranks import RANKS
from agreid_cli.records.results import RankingResult, read_result, write_result
from agreid_cli.records.runs import Run, all_runs, find_run
from agreid_cli.records.shard import Shard
from agreid_cli.records.split import SPLIT, refuse_mixed, sides_of
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.baseline import embed_baseline
from agreid_cli.stages.run.cases import Case, crop_cases, say_rows, track_cases
from agreid_cli.stages.run.rank_units import PartialError, Ranges, ranges_folder
from agreid_cli.stages.run.refresh import refresh


def evaluate(
    workspace: Workspace,
    *,
    config: EvaluateConfig,
    run: str | None = None,
    files: Sequence[Path] = (),
    baseline: str | None = None,
    directions: Sequence[str] = (),
    save_ranks: Path | None = None,
    compare_with: Path | None = None,
    out: Path | None = None,
    keep: bool = True,
    device: str = "auto",
    engine: EngineConfig = LOCAL,
    shard: Shard | None = None,
    progress: Progress = SILENT,
) -> list[RankingResult]:
    """Rank each direction and write its result: into the run, else into the folder `out`, else into the
    workspace's `results/`, unless `keep` is False.

    The test crops are embedded first, on `device`, if the run's weights or the split are newer than the
    embeddings. `baseline`, of `stages.run.baseline`, is ranked in place of a run. `both` is a2g and g2a,
    which is also the default if both can be ranked. All problems of the input are reported before the first
    ranking.

    Ranges of the gallery are units of work of `engine`; the results are identical to the bit. A `shard`
    counts its ranges and returns no result; a later call without a shard adds them up.
    """
    if baseline is not None:
        if run or files:
            raise UsageError("--baseline is ranked alone", hint="Leave --run and --embeddings out.")
        files = [embed_baseline(workspace, baseline, progress=progress)]
    if out and not files:
        raise UsageError("--out needs --embeddings", hint="Results of a run are stored in its folder.")
    source = _source(workspace, run, files, device, config.backend, progress)
    other = read_result(compare_with) if compare_with else None
    if save_ranks and save_ranks.resolve() in {path.resolve() for path in source.files}:
        raise UsageError(f"--save-ranks {save_ranks} would overwrite the embeddings")
    manifest = read_manifest(workspace.manifest) if workspace.manifest.is_file() else None
    embeddings = join(
        read_files(source.files),
        manifest=known_of(manifest) if manifest is not None else {},
        platform_of_camid=config.platform_of_camid,
        note=progress.note,
    )
    lists = _lists(workspace, embeddings, manifest, config, progress)
    names = _names(directions, other) or _usual(directions_in(embeddings, lists))
    if config.level == "track":
        cases = track_cases(embeddings, names, lists, config, manifest, workspace.manifest, progress)
    else:
        cases = crop_cases(embeddings, names, lists)
    if other:
        _must_agree(cases, other, str(compare_with))
    results, tables = [], []
    for case in cases:
        say_rows(case, progress)
        found = case.found
        said = {"fingerprint": case.mark, "metric": config.metric, "pool": case.pool}
        above = source.run.root if source.run else out or workspace.results
        folder = ranges_folder(above, found.direction.name, said, source.files)
        ranges = Ranges(engine, shard, folder, progress)
        divided = ranges.rank if ranges.wanted() else None
        try:
            ranks, top = ranked(
                case.embeddings, found, config, progress,
                top=bool(save_ranks), divided=divided, distances=case.distances,
            )  # fmt: skip
        except PartialError:
            progress.note(f"{found.direction.name}: shard {shard} is counted")
            continue
        scored = case.stated(
            result(ranks, case.embeddings, found, config, fingerprint=case.mark, source=source.name)
        )
        if other:
            scored = replace(
                scored, comparison=comparison(scored, other, name=str(compare_with), config=config)
            )
        if top:
            tables.append(ranks_table(case.embeddings, found, top))
        if keep or out or source.run:
            place = source.result(out or workspace.results, scored.kind)
            write_result(scored, place)
            progress.note(f"{scored.direction}: written to {place}")
        ranges.forget()
        results.append(scored)
    if save_ranks and tables:
        RANKS.write(pa.concat_tables(tables), save_ranks)
        progress.note(f"the {config.top_k} nearest gallery {config.level}s of every query: {save_ranks}")
    return results


@dataclass(frozen=True)
class _Source:
    files: tuple[Path, ...]
    run: Run | None

    @property
    def name(self) -> str:
        return f"runs/{self.run.name}" if self.run else " ".join(map(str, self.files))

    def result(self, folder: Path, kind: str) -> Path:
        if self.run:
            return self.run.result(kind)
        stems = dict.fromkeys(path.stem for path in self.files)
        return folder / f"{'+'.join(stems)}-{kind}.json"


def _source(
    workspace: Workspace,
    run: str | None,
    files: Sequence[Path],
    device: str,
    backend: str,
    progress: Progress,
) -> _Source:
    if files:
        if run:
            raise UsageError("--run and --embeddings exclude each other", hint="Give one of them.")
        return _Source(tuple(files), None)
    found = find_run(workspace, run)
    if found.weights == found.best_on_test:
        progress.note(
            f"the run '{found.name}' reports the epoch that scores best on the test crops (best-on-test): "
            "its figures are too high"
        )
    if found.weights.is_file() and workspace.split.is_file():
        refresh(workspace, found, device=device, backend=backend, progress=progress)
    if not found.embeddings.is_file():
        others = [r.name for r in all_runs(workspace) if r.embeddings.is_file()]
        raise MissingError(
            f"the run '{found.name}' has no embeddings: {found.embeddings} does not exist",
            hint=f"Runs with embeddings: {', '.join(others)}; choose one with --run NAME"
            if others
            else "It has no checkpoint yet: agreid train --resume. Or rank embeddings of any "
            "program: agreid evaluate --embeddings FILE --direction a2g",
        )
    return _Source((found.embeddings,), found)


def _lists(
    workspace: Workspace,
    embeddings: Embeddings,
    manifest: pa.Table | None,
    config: EvaluateConfig,
    progress: Progress,
) -> Lists | None:
    """The split's queries and galleries if they are to be used; None leaves the roles to the file."""
    if config.roles == "file" or (config.roles == "auto" and not workspace.split.is_file()):
        return None
    table = SPLIT.read(workspace.split)
    lists = sides_of(table)
    here = set() if embeddings.made_ids else set(embeddings.crop_id)
    if config.roles == "auto" and not any(
        crop in here for pair in lists.values() for side in pair for crop in side
    ):
        progress.note(f"{workspace.split} is not used: it lists none of these crops")
        return None
    crops = crops_of(embeddings) if manifest is None else manifest
    refuse_mixed(workspace.split, table, crops, complete=manifest is not None)
    return lists


def _names(directions: Sequence[str], other: RankingResult | None) -> list[str]:
    names = find_directions(directions)
    if other and len(names) > 1:
        raise UsageError("--compare takes one direction", hint=f"Give --direction {other.direction}")
    return names or ([other.direction] if other else [])


def _usual(possible: Sequence[str]) -> list[str]:
    """Both directions of the paper if they can be ranked, else the first possible one."""
    found = [name for name in BOTH if name in possible] or list(possible[:1])
    if not found:
        raise InputError(
            "nothing to rank: no direction has a query and a gallery crop",
            hint="Give the embeddings a role (query, gallery) or a platform (uav, cctv, wearable).",
        )
    return found


def _must_agree(cases: Sequence[Case], other: RankingResult, name: str) -> None:
    if [case.mark for case in cases] == [other.fingerprint]:
        return
    [case] = cases
    unit, found = "tracks" if case.pool else "crops", case.found
    counts = f"{len(found.query)} queries, {len(found.gallery)} gallery {unit}"
    theirs = f"{other.n_query} queries, {other.n_gallery} gallery {other.level}s"
    levels = {"tracks" if case.pool else "crops", f"{other.level}s"}
    raise InputError(
        f"the two scores are not over the same {' and '.join(sorted(levels))}, so they are not comparable",
        problems=[
            Problem("here", f"{found.direction.name}, {counts}, fingerprint {case.mark}"),
            Problem(name, f"{other.direction}, {theirs}, fingerprint {other.fingerprint}"),
        ],
        hint="Rank both with the same crops, identities, cameras and roles."
        if len(levels) == 1
        else f"Rank both with --level {other.level}.",
    )
