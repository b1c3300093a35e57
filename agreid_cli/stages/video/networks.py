"""The networks shared by all videos of a call, loaded and checked before the first video."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from agreid_cli.config.extract_crops import EmbedderConfig, ExtractConfig, SourceConfig
from agreid_cli.nn.shipped import is_named
from agreid_cli.records.extraction import Facts
from agreid_cli.records.files import sha256
from agreid_cli.records.runs import Run
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.devices import find_device
from agreid_cli.stages.video.jobs import Job
from agreid_cli.vision import centerface
from agreid_cli.vision.detector import Detector
from agreid_cli.vision.embedders import Embed
from agreid_cli.vision.tracker import Tracker, rehearse, tracker_of
from agreid_cli.vision.weights import find_weights, user_folder

#: On a CPU, batches of inputs larger than this are no faster than single frames.
LARGE_INPUT = 1280


@dataclass(frozen=True)
class Networks:
    """The networks shared by all videos of a call."""

    detector: Detector
    embed: Embed
    batch: int | Literal["auto"]
    device: str
    detector_sha256: str
    embedder_sha256: str

    def frames_a_call(self, imgsz: int) -> int:
        """The detector's batch size: as configured, else by the device and the input size."""
        if self.batch != "auto":
            return self.batch
        return 8 if self.device.startswith("cuda") else 4 if imgsz <= LARGE_INPUT else 1

    def embed_of(self, facts: Facts) -> Embed:
        """The embedder for one video, whose `facts` supply the view or the camera where a run needs it."""
        bind = getattr(self.embed, "of_video", None)
        bound: Embed = bind(facts) if bind else self.embed
        return bound

    def inputs(self, job: Job, config: ExtractConfig) -> dict[str, Any]:
        """What determines the crops of a video; the batch size does not."""
        tree = json.loads(config.model_dump_json())
        # Default values are left out, so that videos of earlier versions count as finished.
        said = {k: v for k, v in tree.pop("source").items() if v != SourceConfig.model_fields[k].default}
        said = {k: v for k, v in said.items() if k not in ("reconnects", "reconnect_s", "timeout_s")}
        tree |= {"source": said} if said else {}
        del tree["detector"]["batch"], tree["detector"]["weights"], tree["embedder"]["weights"]
        return {
            "video_sha256": job.sha256,
            "detector_sha256": self.detector_sha256,
            "embedder_sha256": self.embedder_sha256,
            "faces": centerface.VERSION if config.faces.pixelate else "not pixelated",
            "facts": asdict(job.facts),
            "config": tree,
        }


def load_networks(config: ExtractConfig, workspace: Workspace, *, device: str, download: bool) -> Networks:
    """Load detector and embedder; `InputError` if weights or device cannot be used."""
    device = find_device(device)
    if config.faces.pixelate:
        centerface.check()
    folders = [workspace.root, user_folder()]
    weights = find_weights(config.detector.weights, folders=folders, download=download)
    part = config.detector
    detector = Detector(
        weights,
        classes=part.classes,
        conf=part.conf,
        iou=part.iou,
        min_px=part.min_px,
        device=device,
        half=part.half,
    )
    embed, digest = embedder_of(config.embedder, workspace, device)
    # A wrong name or option is found before the first video.
    rehearse(make_tracker(config, embed, (64, 64), moving=False), config.tracker.name, embed)
    return Networks(
        detector, embed, part.batch, device, sha256(weights) if weights.is_file() else weights.name, digest
    )


def make_tracker(
    config: ExtractConfig, embed: Embed, frame_size: tuple[int, int], *, moving: bool
) -> Tracker:
    """A tracker for one video with frames of (width, height); `moving` is the camera."""
    part = config.tracker
    return tracker_of(
        part.name,
        options=part.options,
        same_person=embed.same_person,
        frame_size=frame_size,
        motion_px=part.motion_px if moving else 0,
        motion=part.motion,
        motion_iterations=part.motion_iterations,
    )


def embedder_of(config: EmbedderConfig, workspace: Workspace, device: str) -> tuple[Embed, str]:
    if not config.weights:
        from agreid_cli.vision.embedders.colour import ColourEmbedder

        return ColourEmbedder(), "colour/1"
    if is_named(config.weights):
        from agreid_cli.stages.run.pretrained import Pretrained
        from agreid_cli.stages.video.run_embedder import RunEmbedder

        found = RunEmbedder(
            Pretrained(config.weights), device=device, backend=config.backend, folder=workspace.traced
        )
        return found, found.sha256
    path = Path(config.weights).expanduser()
    for run in (Run(path), Run(workspace.root / path), Run(workspace.runs / path)):
        if run.weights.is_file():
            from agreid_cli.stages.video.run_embedder import RunEmbedder

            own = RunEmbedder(run, device=device, backend=config.backend, folder=workspace.traced)
            return own, own.sha256
    from agreid_cli.vision.embedders.reid import ReidEmbedder

    return ReidEmbedder(path, device=device, backend=config.backend), sha256(path)
