"""Nothing → a campus, crops, two trained streams, figures and a report: every stage, one after the other.

Each step is a stage that the user could call; a step that is done is not done again, and one that was
interrupted goes on, because the stages do. Wall time is kept in `demo.json`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agreid_cli.assets import asset
from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.config.build_split import SplitConfig
from agreid_cli.config.demo import DemoConfig
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.config.extract_crops import DetectorConfig, ExtractConfig
from agreid_cli.config.recipes import load_train
from agreid_cli.config.report import ReportConfig
from agreid_cli.config.synth import SynthConfig
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import AgreidError, InputError, MissingError
from agreid_cli.progress import SILENT, Progress
from agreid_cli.records.demo import DemoRecord, read_demo
from agreid_cli.records.extraction import changes
from agreid_cli.records.files import sha256
from agreid_cli.records.results import RankingResult
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.build_manifest import build_manifest
from agreid_cli.stages.build_split import build_split
from agreid_cli.stages.demo_merge import Merged, merge
from agreid_cli.stages.evaluate import BOTH, evaluate
from agreid_cli.stages.extract_crops import extract_crops
from agreid_cli.stages.match_truth import match_truth
from agreid_cli.stages.report import report
from agreid_cli.stages.synth import synth
from agreid_cli.stages.train import train

DETECTOR = "detector/campus.pt"
UNTRAINED, STREAM_1, STREAM_2 = "untrained", "stream-1", "stream-2"
FOLDERS = ("film", "crowd", "runs", "cache", "results")
FILES = ("demo.json", "agreid.toml", "manifest.parquet", "split.parquet", "report.html")


@dataclass(frozen=True)
class DemoRow:
    """One line of the table at the end: scores 0..1 with their intervals."""

    name: str
    direction: str
    mAP: float
    mAP_interval: tuple[float, float] | None
    rank1: float
    rank1_interval: tuple[float, float] | None
    n_valid: int


@dataclass(frozen=True)
class DemoResult:
    """What was measured, where the report lies, and where the time went."""

    report: Path
    record: Path
    rows: tuple[DemoRow, ...]  # untrained first
    shares: list[tuple[str, float, float]]  # step, seconds, share
    seconds: float
    cores: int


def demo(
    root: Path,
    config: DemoConfig | None = None,
    *,
    overwrite: bool = False,
    device: str = "auto",
    progress: Progress = SILENT,
) -> DemoResult:
    """Run every step in `root`, or go on with the demonstration that lies there.

    Raises `InputError` when `root` holds something else, or a demonstration with other settings, unless
    `overwrite`.
    """
    config = config or DemoConfig()
    with _held(root, overwrite):
        record = _record(root, config, overwrite)
        show = _Show(root, config, record, device, progress)
        for number, (name, words, work) in enumerate(show.steps, start=1):
            progress.note(f"[{number}/{len(show.steps)}] {words}")
            show.timed(name, work)
        path = root / "demo.json"
        return DemoResult(
            report=root / "report.html",
            record=path,
            rows=tuple(_row(name, r) for name, results in show.results.items() for r in results),
            shares=record.shares(),
            seconds=record.seconds,
            cores=record.cores,
        )


@dataclass
class _Show:
    """The steps and what they share."""

    root: Path
    config: DemoConfig
    record: DemoRecord
    device: str
    progress: Progress

    def __post_init__(self) -> None:
        self.workspace = Workspace(self.root)
        self.film, self.crowd = Workspace(self.root / "film"), Workspace(self.root / "crowd")
        self.results: dict[str, list[RankingResult]] = {}

    @property
    def steps(self) -> list[tuple[str, str, Callable[[], None]]]:
        """Name, what is said, and what is done."""
        c = self.config
        return [
            ("synth", f"Filming {c.identities} made-up people from a drone and from a wall", self._synth),
            ("extract-crops", "Finding and following them in the videos, and cutting crops", self._extract),
            ("match-truth", "Naming the tracks by the campus's truth; with real videos people do this by eye "
             "(agreid review)", self._match),
            ("build-split", "Building manifest and split: half of the people to train on, half to test",
             self._split),
            ("crowd", f"Adding a crowd of {c.crowd} other people, cropped straight from the scene, to train "
             "on: the few people of short videos would teach a network little", self._crowd),
            (UNTRAINED, "Measuring a network that has learnt nothing, to compare with", self._untrained),
            (STREAM_1, f"Training Stream 1, which tells people apart ({c.epochs} epochs)", self._stream_1),
            ("evaluate", "Ranking both directions with intervals", self._evaluate),
            ("report", "Writing the report", self._report),
        ]  # fmt: skip

    def timed(self, name: str, work: Callable[[], None]) -> None:
        """Do a step; its time counts also when it is cut short, and is on disk before the next."""
        start, used = time.monotonic(), sum(os.times()[:4])
        done = False
        try:
            work()
            done = True
        finally:
            self.record.add(name, time.monotonic() - start, sum(os.times()[:4]) - used, done=done)
            self.record.write(self.root / "demo.json")

    def _synth(self) -> None:
        c = self.config
        settings = SynthConfig(
            identities=c.identities, seed=c.seed, seconds=c.seconds, size=c.size, fps=c.fps, every=c.every
        )
        weights = self._weights()
        if not weights:
            self.progress.warn(
                "the campus detector does not come with this installation, so that crops are cut from the "
                "campus's truth and no detector runs. Give one with --detector FILE."
            )
        self.record.facts["crops"] = "found by the detector" if weights else "cut from the truth"
        synth(self.film, settings, truth_only=not weights, progress=self.progress)

    def _extract(self) -> None:
        weights = self._weights()
        if not weights:
            self.progress.note("no detector: the crops are there already")
            return
        videos = sorted(self.film.videos.glob("*.mp4"))
        settings = ExtractConfig(every=self.config.every, detector=DetectorConfig(weights=str(weights)))
        done = extract_crops(videos, self.film, config=settings, device=self.device, progress=self.progress)
        self.record.facts["detected_crops"] = done.total

    def _match(self) -> None:
        if self._weights():
            found = match_truth(self.film, progress=self.progress)
            self.progress.note(
                f"{found.identities} people in {found.tracks} tracks; {found.split_tracks} tracks went from "
                f"one person to another and are divided, {found.junk_tracks} show nobody"
            )
            self.record.facts["tracks"] = found.tracks

    def _split(self) -> None:
        build_manifest(self.film, ManifestConfig(), progress=self.progress)
        build_split(self.film, SplitConfig(seed=self.config.seed), overwrite=True, progress=self.progress)

    def _crowd(self) -> None:
        c = self.config
        others = None
        if c.crowd:
            settings = SynthConfig(
                identities=c.crowd,
                seed=c.seed + 1,
                seconds=c.seconds,
                size=c.size,
                fps=c.fps,
                every=c.crowd_every,
            )
            synth(self.crowd, settings, truth_only=True, progress=self.progress)
            others = self.crowd
        found: Merged = merge(self.film, others, self.workspace)
        self.record.facts["data"] = vars(found)
        self.progress.note(
            f"{found.crops:,} crops: {found.train_identities} people to train on, {found.crowd_identities} "
            f"of them of the crowd; {found.test_identities} others to test, all of them filmed"
        )

    def _untrained(self) -> None:
        self._train(UNTRAINED, "campus", "schedule.epochs=0")

    def _stream_1(self) -> None:
        self._train(STREAM_1, "campus", *_schedule(self.config.epochs))

    def _train(self, name: str, recipe: str, *words: str) -> None:
        """Train the run, go on with it, or leave it as it is when it came to its end on this data."""
        run = Run(self.workspace.runs / name)
        data = f"{sha256(self.workspace.manifest)} {sha256(self.workspace.split)}"
        ends = self.record.facts.setdefault("trained_on", {})
        if ends.get(name) == data and run.embeddings.is_file():
            self.progress.note(f"{name} is trained already")
            return
        sets = [f"seed={self.config.seed}", *words]
        base = load_train(None, sets, name=recipe)
        paired = int(self.record.facts["data"]["train_paired"])
        if paired < base.data.p:
            sets.append(f"data.p={max(2, paired)}")  # a batch has no more people than there are
        config: TrainConfig = load_train(None, sets, name=recipe)
        how: dict[str, Any] = {
            "config": config,
            "name": name,
            "device": self.device,
            "progress": self.progress,
        }
        if run.config.is_file():
            try:
                train(self.workspace, resume=True, **how)
            except AgreidError as error:
                self.progress.note(f"{name} begins anew: {error.message}")
                train(self.workspace, overwrite=True, **how)
        else:
            train(self.workspace, overwrite=run.root.exists(), **how)
        ends[name] = data

    def _evaluate(self) -> None:
        settings = EvaluateConfig(ci=True, rounds=self.config.rounds, seed=self.config.seed)
        for name in (UNTRAINED, STREAM_1):
            self.results[name] = evaluate(
                self.workspace, config=settings, run=name, directions=BOTH, progress=self.progress
            )

    def _report(self) -> None:
        settings = ReportConfig(rounds=self.config.rounds, seed=self.config.seed)
        report(self.workspace, config=settings, runs=list(self.results), progress=self.progress)

    def _weights(self) -> Path | None:
        """The detector's weights: the user's, or those that come with agreid; None where there are none."""
        if self.config.detector:
            path = Path(self.config.detector)
            if not path.is_file():
                raise MissingError(f"{path} does not exist", hint="Give a weight file with --detector FILE.")
            return path
        try:
            return asset(DETECTOR)
        except FileNotFoundError:
            return None


def _schedule(epochs: int) -> tuple[str, str]:
    """So many epochs, of which the first sixth at the full rate."""
    return f"schedule.epochs={epochs}", f"schedule.cosine_from={epochs // 6}"


def _row(name: str, result: RankingResult) -> DemoRow:
    ci = result.ci
    return DemoRow(
        name, result.direction, result.mAP, ci.mAP if ci else None, result.rank(1), ci.rank1 if ci else None,
        result.n_valid,
    )  # fmt: skip


def _record(root: Path, config: DemoConfig, overwrite: bool) -> DemoRecord:
    """The record to go on with, or a new one; what lies here must be this demonstration or nothing."""
    settings = config.model_dump(mode="json")
    before = None if overwrite else read_demo(root / "demo.json")
    if before is not None:
        if found := changes(before.settings, settings):
            raise InputError(
                f"{root} holds a demonstration with other settings",
                problems=found,
                hint="Choose another folder with --workspace, or replace it with --overwrite.",
            )
        return before
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    record = DemoRecord(settings, cores)
    record.write(root / "demo.json")
    return record


@contextlib.contextmanager
def _held(root: Path, overwrite: bool) -> Iterator[None]:
    """The folder for this process alone; anything in it that no demonstration made is refused."""
    from filelock import FileLock, Timeout

    if root.exists() and not root.is_dir():
        raise InputError(f"{root} is a file", hint="Choose another folder with --workspace.")
    ours = (root / "demo.json").is_file()
    strange = [] if ours or not root.is_dir() else sorted(p.name for p in root.iterdir() if p.name != ".lock")
    if strange:
        raise InputError(
            f"{root} holds something else than a demonstration: {', '.join(strange[:5])}",
            hint="Choose another folder with --workspace.",
        )
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise AgreidError(
            f"another agreid demo is at work in {root}", hint="Wait until it is done."
        ) from None
    try:
        if overwrite and ours:
            for name in FOLDERS:
                shutil.rmtree(root / name, ignore_errors=True)
            for name in FILES:
                (root / name).unlink(missing_ok=True)
        yield
    finally:
        lock.release()
