"""The demo: a campus, crops, two trained streams, evaluation and a report, by running every stage.

Each step is a stage that the user could call. Finished steps are skipped and interrupted ones
continue, because the stages do. Wall-clock time is recorded in `demo.json`.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agreid_cli.assets import asset
from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.config.build_split import SplitConfig
from agreid_cli.config.demo import DemoConfig
from agreid_cli.config.evaluate import EvaluateConfig, ExplainEvaluateConfig
from agreid_cli.config.explain_pages import ExplainPagesConfig
from agreid_cli.config.extract_crops import DetectorConfig, ExtractConfig
from agreid_cli.config.recipes import load_train
from agreid_cli.config.report import ReportConfig
from agreid_cli.config.synth import SynthConfig
from agreid_cli.config.train import TrainConfig
from agreid_cli.errors import AgreidError, MissingError
from agreid_cli.progress import SILENT, Once, Progress
from agreid_cli.records.demo import DemoRecord
from agreid_cli.records.directions import BOTH
from agreid_cli.records.files import sha256
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.match_truth import match_truth
from agreid_cli.stages.campus.demo_folder import locked_folder, record_of
from agreid_cli.stages.campus.demo_merge import Merged, merge
from agreid_cli.stages.campus.demo_preview import draw_preview
from agreid_cli.stages.campus.demo_rows import DemoRow, explained_rows, row_of
from agreid_cli.stages.campus.synth import synth
from agreid_cli.stages.data.build_manifest import build_manifest
from agreid_cli.stages.data.build_split import build_split
from agreid_cli.stages.explain.evaluate_explain import evaluate_explain
from agreid_cli.stages.explain.explain import explain
from agreid_cli.stages.report.report import report
from agreid_cli.stages.run.evaluate import evaluate
from agreid_cli.stages.run.train import train
from agreid_cli.stages.video.extract_crops import extract_crops
from agreid_cli.vision.weights import CAMPUS_CONF

DETECTOR = "detector/campus.pt"
UNTRAINED, SHIPPED, STREAM_1, STREAM_2 = "untrained", "shipped", "stream-1", "stream-2"
FLOOR = "colour histogram"  # needs no network; what a network must clear
RATE = 2e-4
SHOWN_PAIRS = 4  # whose places are occluded


@dataclass(frozen=True)
class DemoResult:
    """The results, the path of the report, and the time of each step."""

    report: Path
    record: Path
    rows: tuple[DemoRow, ...]  # the floor first
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
    """Run every step in `root`, or continue the demo in it.

    Raises `InputError` if `root` contains something else, or a demo with other settings, unless
    `overwrite`.
    """
    config = config or DemoConfig()
    with locked_folder(root, overwrite=overwrite):
        record = record_of(root, config, overwrite=overwrite)
        show = _Show(root, config, record, device, Once(progress))
        for number, (name, words, work) in enumerate(show.steps, start=1):
            progress.note(f"[{number}/{len(show.steps)}] {words}")
            show.timed(name, work)
        path = root / "demo.json"
        return DemoResult(
            report=root / "report.html",
            record=path,
            rows=tuple(show.rows),
            shares=record.shares(),
            seconds=record.seconds,
            cores=record.cores,
        )


@dataclass
class _Show:
    """The steps and their shared state."""

    root: Path
    config: DemoConfig
    record: DemoRecord
    device: str
    progress: Progress

    def __post_init__(self) -> None:
        self.workspace = Workspace(self.root)
        self.film, self.crowd = Workspace(self.root / "film"), Workspace(self.root / "crowd")
        self.rows: list[DemoRow] = []

    @property
    def steps(self) -> list[tuple[str, str, Callable[[], None]]]:
        """Name, message and function of each step."""
        c = self.config
        return [
            ("synth", f"Filming {c.identities} synthetic people with a drone and a wall camera", self._synth),
            ("extract-crops", "Detecting and tracking them in the videos, and cutting crops", self._extract),
            ("match-truth", "Labelling the tracks from ground truth; with real videos people annotate them "
            "(agreid review)", self._match),
            ("build-split", f"Building manifest and split: {c.split_fraction:.0%} of the people for "
             "training, the others for test", self._split),
            ("crowd", f"Adding crops of {c.crowd} other people, rendered directly, for training: "
            "the few people of short videos are too few to train a network", self._crowd),
            (UNTRAINED, "Embedding with an untrained network and with the one that ships with agreid, which "
             "has seen none of these people, for comparison", self._untrained),
            (STREAM_1, f"Training Stream 1, the re-ID network ({c.epochs} epochs)", self._stream_1),
            (STREAM_2, "Training Stream 2, which splits the distance between two people into attribute parts "
            f"({c.explain_epochs} epochs)", self._stream_2),
            ("evaluate", "Ranking both directions with confidence intervals, and evaluating the explanations",
             self._evaluate),
            ("explain", "Drawing explanations: maps and shares of some matches", self._explain),
            ("report", "Writing the report", self._report),
        ]  # fmt: skip

    def timed(self, name: str, work: Callable[[], None]) -> None:
        """Run a step; its time also counts if it is interrupted, and is on disk before the next step."""
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
                "the campus detector is not part of this installation, so crops are cut from the "
                "ground truth and no detector runs. Give one with --detector FILE."
            )
        self.record.facts["crops"] = "found by the detector" if weights else "cut from the truth"
        preview = self.root / "preview.jpg"
        if not preview.is_file():
            draw_preview(settings, preview)
        self.progress.note(f"Open {preview} to see one moment of the film in both views")
        synth(self.film, settings, truth_only=not weights, progress=self.progress)

    def _extract(self) -> None:
        weights = self._weights()
        if not weights:
            self.progress.note("no detector: the crops already exist")
            return
        videos = sorted(self.film.videos.glob("*.mp4"))
        detector: dict[str, Any] = {} if self.config.detector else {"conf": CAMPUS_CONF}
        settings = ExtractConfig(
            every=self.config.every, detector=DetectorConfig(weights=str(weights), **detector)
        )
        done = extract_crops(videos, self.film, config=settings, device=self.device, progress=self.progress)
        self.record.facts["detected_crops"] = done.total

    def _match(self) -> None:
        if self._weights():
            found = match_truth(self.film, progress=self.progress)
            self.progress.note(
                f"{found.identities} people in {found.tracks} tracks; {found.split_tracks} tracks changed "
                f"from one person to another and are divided, {found.junk_tracks} show nobody"
            )
            self.record.facts["tracks"] = found.tracks

    def _split(self) -> None:
        build_manifest(self.film, ManifestConfig(), progress=self.progress)
        split = SplitConfig(seed=self.config.seed, train_fraction=self.config.split_fraction)
        build_split(self.film, split, overwrite=True, progress=self.progress)

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
            f"{found.crops:,} crops: {found.train_identities} people for training, {found.crowd_identities} "
            f"of them from the crowd; {found.test_identities} others for test, all of them filmed"
        )

    def _untrained(self) -> None:
        self._train(UNTRAINED, "campus", "schedule.epochs=0", "model.weights=none")
        self._train(SHIPPED, "campus", "schedule.epochs=0")

    def _stream_1(self) -> None:
        # The shipped network knows campuses already, so that at the recipe's rate it forgets more than it
        # learns of so few people.
        self._train(STREAM_1, "campus", f"optim.lr={RATE}", *_schedule(self.config.epochs))

    def _stream_2(self) -> None:
        words = _schedule(self.config.explain_epochs)
        self._train(STREAM_2, "explain-campus", f"explain.teacher=runs/{STREAM_1}", *words)

    def _train(self, name: str, recipe: str, *words: str) -> None:
        """Train the run, continue it, or leave it unchanged if it is finished on this data."""
        run = Run(self.workspace.runs / name)
        data = f"{sha256(self.workspace.manifest)} {sha256(self.workspace.split)}"
        ends = self.record.facts.setdefault("trained_on", {})
        if ends.get(name) == data and run.embeddings.is_file():
            self.progress.note(f"{name} is already trained")
            return
        sets = [f"seed={self.config.seed}", *words]
        base = load_train(None, sets, name=recipe)
        people = int(self.record.facts["data"]["train_paired"])
        if base.explain:
            people -= math.ceil(people * base.explain.held_out)
        if people < base.data.p:
            sets.append(f"data.p={max(2, people)}")  # a batch cannot have more people than there are
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
                self.progress.note(f"{name} starts again: {error.message}")
                train(self.workspace, overwrite=True, **how)
        else:
            train(self.workspace, overwrite=run.root.exists(), **how)
        ends[name] = data

    def _evaluate(self) -> None:
        settings = EvaluateConfig(ci=True, rounds=self.config.rounds, seed=self.config.seed)
        floor = evaluate(
            self.workspace, config=settings, baseline="colour", directions=BOTH, progress=self.progress
        )
        self.rows += [row_of(FLOOR, result) for result in floor]
        for name in (UNTRAINED, SHIPPED, STREAM_1):
            found = evaluate(
                self.workspace, config=settings, run=name, directions=BOTH, progress=self.progress
            )
            self.rows += [row_of(name, result) for result in found]
        explained = settings.model_copy(update={"explain": ExplainEvaluateConfig(faithfulness=SHOWN_PAIRS)})
        told = evaluate_explain(
            self.workspace, config=explained, run=STREAM_2, directions=BOTH, device=self.device,
            progress=self.progress,
        )  # fmt: skip
        self.rows += [row for result in told for row in explained_rows(STREAM_2, result)]

    def _explain(self) -> None:
        settings = ExplainPagesConfig(top=self.config.pairs)
        for direction in BOTH:
            explain(
                self.workspace, config=settings, run=STREAM_2, direction=direction, device=self.device,
                progress=self.progress,
            )  # fmt: skip

    def _report(self) -> None:
        settings = ReportConfig(rounds=self.config.rounds, seed=self.config.seed)
        report(
            self.workspace,
            config=settings,
            runs=[UNTRAINED, SHIPPED, STREAM_1, STREAM_2],
            progress=self.progress,
        )

    def _weights(self) -> Path | None:
        """The detector weights: the user's, or those shipped with agreid; None if there are none."""
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
    """Schedule for this number of epochs, the first sixth at the full rate."""
    return f"schedule.epochs={epochs}", f"schedule.cosine_from={epochs // 6}"
