"""Crops of videos as units of work on Ray: each worker fills the cache that a call in one process reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agreid_cli.config.engine import EngineConfig
from agreid_cli.engine.run import run_units
from agreid_cli.engine.units import Unit, Work
from agreid_cli.progress import Progress
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.identify.embedders import CropEmbedder, embed_video, find_embedder, kept_at
from agreid_cli.stages.run.failures import raise_failures


@dataclass(frozen=True)
class VideoCrops:
    """Some crops of one video; one value per crop."""

    video: str
    paths: tuple[Path, ...]
    camid: tuple[int, ...]
    platform: tuple[str, ...]


@dataclass(frozen=True)
class Remote:
    """How workers embed: the name of the embedder, as it was given or found, its device and batch.

    crops: of all videos, as in `find_embedder`.
    """

    workspace: Workspace
    embedder: str
    device: str
    batch: int
    crops: int

    def fill(
        self, videos: Sequence[VideoCrops], *, found: CropEmbedder, engine: EngineConfig, progress: Progress
    ) -> None:
        """Embed the crops that the cache lacks into it. Raises `InputError` with every video that failed."""
        places = [kept_at(self.workspace, found, v.video, v.paths, v.camid, v.platform) for v in videos]
        units = [Unit(v.video, v) for v, place in zip(videos, places, strict=True) if not place.is_file()]
        failures = run_units(
            units, partial(open_embedding, self), config=engine, folder=self.workspace.cache / "tracks",
            label="embedding tracks", noun="videos", progress=progress,
        )  # fmt: skip
        raise_failures(failures, len(units), "videos")


def open_embedding(how: Remote) -> Work:
    """The work on the crops of a video in a worker."""
    embedder = find_embedder(how.workspace, how.embedder, device=how.device, batch=how.batch, crops=how.crops)

    def work(what: VideoCrops, progress: Progress) -> None:
        with progress.task("embedding tracks", len(what.paths), "crops") as task:
            embed_video(how.workspace, embedder, what.video, what.paths, what.camid, what.platform)
            task.advance(len(what.paths))

    return work
