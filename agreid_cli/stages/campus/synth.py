"""A seed → the synthetic campus: videos with ground truth, or only crops and manifest."""

from __future__ import annotations

import contextlib
import csv
import io
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.config.engine import EngineConfig
from agreid_cli.config.recipes import recipe
from agreid_cli.config.synth import SynthConfig
from agreid_cli.engine.run import LOCAL
from agreid_cli.errors import InputError, Problem, Problems, UsageError
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.campus import Campus, Truth
from agreid_cli.records.crops import CROPS
from agreid_cli.records.extraction import changes
from agreid_cli.records.files import disk_error, write_csv, write_text
from agreid_cli.records.locks import locked
from agreid_cli.records.shard import Shard
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.campus.synth_units import Rendering, render
from agreid_cli.stages.campus.synth_work import Reel, campus_of, pid_of, plan_of, reels
from agreid_cli.stages.data.build_manifest import build_manifest
from agreid_cli.stages.run.sharing import alone
from agreid_cli.synth.people.population import GROUP_ORDER
from agreid_cli.synth.place.world import MOST_PAIRS
from agreid_cli.vision.weights import CAMPUS_CONF

#: Files derived from a campus, removed when it is replaced.
_DERIVED = ("crops", "identities.csv", "attributes.csv", "manifest.parquet", "split.parquet")
_TOML = f"""\
# Written by agreid synth. The recipe is small: it trains on two cores. The detector ships with agreid and
# detects the people of a campus only.
[train]
recipe = "campus"

[extract-crops.detector]
weights = "campus"
conf = {CAMPUS_CONF}
"""
#: Half of the identities are for training, and the tracker may lose some of these in one of the views.
_FEW_TOML = """
# With so few people, batches have fewer identities than in the recipe.
[train.data]
p = {p}
"""


@dataclass(frozen=True)
class SynthResult:
    """state: made, resumed, unchanged, or shard. crops: 0 if videos were made, and in a shard."""

    state: str
    videos: tuple[Path, ...]
    identities: int
    crops: int
    manifest: Path | None


def synth(
    workspace: Workspace,
    config: SynthConfig | None = None,
    *,
    truth_only: bool = False,
    overwrite: bool = False,
    engine: EngineConfig = LOCAL,
    shard: Shard | None = None,
    progress: Progress = SILENT,
) -> SynthResult:
    """Generate the campus of `config` in `workspace`.

    The same settings give the same bytes, whatever the number of workers. An interrupted campus is continued
    where it stopped; a finished one is left unchanged. Anything else in the workspace is refused;
    `overwrite` replaces another campus and what was derived from it, but never other data.

    Videos are units of work of `engine`. A `shard` renders its videos; a later call without a shard does what
    is missing and completes the campus.
    """
    if overwrite and shard is not None:
        raise UsageError("--overwrite and --shard exclude each other", hint="Use another --workspace.")
    config = config or SynthConfig()
    _check(config)
    truth = workspace.truth
    todo = reels(config)
    campus = Campus(
        settings=config.model_dump(mode="json", exclude={"workers"}),
        videos=tuple(reel.video_id for reel in todo),
        truth_only=truth_only,
        complete=False,
    )
    with _locked_campus(workspace, shard):
        with locked(truth.root / ".claim") if shard else contextlib.nullcontext():  # shards start together
            state = _claim(workspace, campus, overwrite=overwrite, progress=progress)
        if state != "unchanged":
            write_settings(workspace, config.identities)
            how = Rendering(Workspace(workspace.root.resolve()), config, truth_only)
            render(todo, how, engine=engine, shard=shard, progress=progress)
            if shard is not None:
                return SynthResult("shard", (), config.identities, 0, None)
            _write_people(truth, config, todo)
            if truth_only:
                _write_tables(workspace, todo, progress)
            replace(campus, complete=True).write(truth.record)
    return SynthResult(
        state=state,
        videos=() if truth_only else tuple(workspace.videos / f"{v}.mp4" for v in campus.videos),
        identities=config.identities,
        crops=CROPS.read(workspace.crops).num_rows if truth_only else 0,
        manifest=workspace.manifest if truth_only else None,
    )


def _check(config: SynthConfig) -> None:
    problems = Problems()
    if config.n_pairs > config.identities:
        problems.add(
            "pairs", f"{config.n_pairs} pairs of videos are too many for {config.identities} identities"
        )
    if config.n_pairs > MOST_PAIRS:
        problems.add(
            "pairs", f"{config.n_pairs} exceeds the number of days, halves and altitudes ({MOST_PAIRS})"
        )
    if config.seconds * config.fps < 2:
        problems.add("seconds", f"{config.seconds} at {config.fps} frames/s gives no frame; give more")
    crowd = config.identities / config.n_pairs
    if crowd > 400:
        problems.add(
            "identities",
            f"{crowd:.0f} people in one video are too crowded; give more pairs, or fewer people",
        )
    problems.raise_if_any("this campus cannot be generated")


@contextlib.contextmanager
def _locked_campus(workspace: Workspace, shard: Shard | None) -> Iterator[None]:
    """Lock the campus for this process or, together with others, for this shard.

    A call for all videos removes what killed processes left unfinished, before and after.
    """
    root = workspace.truth.root
    empty = not workspace.root.exists() or not root.exists()
    try:
        with alone(root, shard, what="working on the campus"):
            if shard is None:
                (root / ".claim").unlink(missing_ok=True)
                _sweep(workspace)
            yield
            if shard is None:
                _sweep(workspace)
    finally:
        if empty and not workspace.truth.record.is_file():  # refused: leave the workspace unchanged
            shutil.rmtree(root, ignore_errors=True)


def _sweep(workspace: Workspace) -> None:
    for folder in (workspace.videos, workspace.crops_dir / "images", workspace.truth.parts):
        for left in folder.glob(".*.tmp*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def _claim(workspace: Workspace, campus: Campus, *, overwrite: bool, progress: Progress) -> str:
    """What is to be done; the workspace is marked as this campus before anything else is written."""
    record = workspace.truth.record
    before = Campus.read(record)
    if before is None:
        strange = [
            path.name
            for path in (
                workspace.videos,
                workspace.truth.root,
                *(workspace.root / name for name in _DERIVED),
            )
            if path.is_file() or (path.is_dir() and any(p.name[0] != "." for p in path.iterdir()))
        ]
        if strange:
            raise InputError(
                f"{workspace.root} contains data that is not a synthetic campus: {', '.join(strange)}",
                hint="Choose another --workspace; --overwrite replaces a campus only.",
            )
    elif replace(before, complete=False) == campus:
        if before.complete:
            progress.note(f"{workspace.root} already contains this campus, left unchanged")
            return "unchanged"
        progress.note(f"{workspace.root} contains an unfinished campus with these settings; continuing")
        return "resumed"
    elif not overwrite:
        found = changes(before.settings, campus.settings)
        if before.truth_only != campus.truth_only:
            found.append(Problem("--truth-only", f"was {before.truth_only}, now {campus.truth_only}"))
        raise InputError(
            f"{workspace.root} contains another campus",
            problems=found,
            hint="Choose another --workspace, or replace it and everything derived from it with --overwrite.",
        )
    else:
        _remove(workspace, before)
    campus.write(record)
    return "made"


def _remove(workspace: Workspace, before: Campus) -> None:
    """The record is removed last, so that an interrupted removal can be continued."""
    try:
        for video in before.videos:
            (workspace.videos / f"{video}.mp4").unlink(missing_ok=True)
        for name in _DERIVED:
            path = workspace.root / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        for path in workspace.truth.root.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path != workspace.truth.record:
                path.unlink()
    except OSError as error:
        raise disk_error(workspace.root, error) from error


def write_settings(workspace: Workspace, identities: int) -> None:
    """Write agreid.toml so that commands run without options; an existing file is left unchanged."""
    if not workspace.config.exists():
        few = max(2, identities // 4)
        text = _TOML + (_FEW_TOML.format(p=few) if few < recipe("campus").data.p else "")
        write_text(workspace.config, text)


def _write_people(truth: Truth, config: SynthConfig, todo: Iterable[Reel]) -> None:
    """identities.csv for the true tracks, attributes.csv by identity."""
    campus = campus_of(plan_of(config))
    seen = [
        [reel.video_id, person.number + 1, pid_of(campus[reel.pair], person.number)]
        for reel in todo
        for person in campus[reel.pair].people
    ]
    write_csv(truth.identities, [["video_id", "track_id", "pid"], *seen])
    looks = [
        [pid_of(pair, person.number), *(person.attributes[group] for group in GROUP_ORDER)]
        for pair in campus
        for person in pair.people
    ]
    write_csv(truth.attributes, [["pid", *GROUP_ORDER], *sorted(looks)])


def _write_tables(workspace: Workspace, todo: Iterable[Reel], progress: Progress) -> None:
    """The tables read by build-split and later commands, for the people in the crops."""
    truth = workspace.truth
    crops = pa.concat_tables([CROPS.read(truth.crops(reel.video_id)) for reel in todo])
    if not crops.num_rows:
        raise InputError(
            "no person in this campus is visible enough for a crop",
            hint="Give more --seconds or a larger --size.",
        )
    CROPS.write(crops.sort_by("crop_id"), workspace.crops)
    shown = set(zip(crops["video_id"].to_pylist(), map(str, crops["track_id"].to_pylist()), strict=True))
    header, *rows = csv.reader(io.StringIO(truth.identities.read_text()))
    rows = [row for row in rows if (row[0], row[1]) in shown]
    write_csv(workspace.identities, [header, *rows])
    pids = {row[2] for row in rows}
    header, *rows = csv.reader(io.StringIO(truth.attributes.read_text()))
    write_csv(workspace.attributes, [header, *(row for row in rows if row[0] in pids)])
    build_manifest(workspace, ManifestConfig(), progress=progress)
