"""Videos of a campus as units of work; without Ray, local processes share the frames of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import cv2

from agreid_cli.config.engine import EngineConfig
from agreid_cli.config.synth import SynthConfig
from agreid_cli.cores import usable_cores
from agreid_cli.engine.run import run_units
from agreid_cli.engine.units import Unit, Work
from agreid_cli.progress import Progress
from agreid_cli.records.shard import Shard
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.campus.synth_crops import cut_reel, is_cut
from agreid_cli.stages.campus.synth_video import Map, film_reel, is_filmed
from agreid_cli.stages.campus.synth_work import Reel, at_work
from agreid_cli.stages.run.failures import raise_failures

MOST_PROCESSES = 16


@dataclass(frozen=True)
class Rendering:
    """Where a campus is written, and whether with videos or only with crops."""

    workspace: Workspace
    config: SynthConfig
    truth_only: bool

    def is_made(self, reel: Reel) -> bool:
        """Whether a video, or its crops, are complete."""
        return (is_cut if self.truth_only else is_filmed)(reel, self.workspace)

    def make(self, reel: Reel, over_all: Map, progress: Progress) -> None:
        """Render one video, or its crops."""
        (cut_reel if self.truth_only else film_reel)(reel, self.workspace, self.config, over_all, progress)


def render(
    todo: Sequence[Reel], how: Rendering, *, engine: EngineConfig, shard: Shard | None, progress: Progress
) -> None:
    """Render the videos of this call that are not complete."""
    mine = shard.mine(todo) if shard else todo
    units = [Unit(reel.video_id, reel) for reel in mine if not how.is_made(reel)]
    if engine.name == "local":
        with at_work(_processes(how.config)) as over_all:
            for unit in units:
                how.make(unit.what, over_all, progress)
        return
    failures = run_units(
        units, partial(open_rendering, how), config=engine, folder=how.workspace.root, label="rendering",
        noun="videos", progress=progress,
    )  # fmt: skip
    raise_failures(failures, len(units), "videos")


def open_rendering(how: Rendering) -> Work:
    """The work on a video in a worker, which renders frame by frame in its own process."""
    cv2.setNumThreads(1)

    def work(reel: Reel, progress: Progress) -> None:
        how.make(reel, lambda one, items: (one(item) for item in items), progress)

    return work


def _processes(config: SynthConfig) -> int:
    return min(usable_cores(), MOST_PROCESSES) if config.workers == "auto" else config.workers
