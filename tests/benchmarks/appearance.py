"""The tracker's appearance model: colours and networks, with thresholds, on real videos and on a campus.

    python -m tests.benchmarks.appearance --video vtest.avi --mot MOT17 --detector yolov8n.pt
        --campus WORKSPACE --with colour:0.2 shipped:0.3 shipped:0.4 timm:mobilenetv2_100:0.4
        [--sheets FOLDER]

Each film is detected once and then tracked with every embedder and threshold (the maximum cosine distance
between two embeddings of one person). `--video` has no ground truth: it counts tracks and those of fewer than
ten frames, and `--sheets` writes one row of crops a track, to look for tracks that show two people. `--mot`
(MOTChallenge folders) and `--campus` (a workspace of `agreid synth`, detected by the shipped detector) are
scored against the truth.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from agreid_cli.datasets.mot_text import read_truth
from agreid_cli.errors import Problems
from agreid_cli.metrics.track_scores import score_videos
from agreid_cli.records.mot import MotRows
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.run.pretrained import Pretrained
from agreid_cli.stages.video.run_embedder import RunEmbedder
from agreid_cli.vision.contact import contact_sheets
from agreid_cli.vision.detections import Detections
from agreid_cli.vision.detector import Detector
from agreid_cli.vision.embedders import Embed
from agreid_cli.vision.embedders.colour import ColourEmbedder
from agreid_cli.vision.imgsz import auto_imgsz
from agreid_cli.vision.tracker import tracker_of
from agreid_cli.vision.video import Video
from agreid_cli.vision.weights import find_weights

#: A track of fewer frames is broken.
SHORT = 10


@dataclass
class Clip:
    """A video or a folder of images, and what is known of it. group: scored together."""

    path: Path
    detector: Detector
    group: str
    moving: bool = False
    truth: MotRows | None = None
    found: list[Detections] = field(default_factory=list)

    def frames(self) -> Iterator[np.ndarray]:
        if self.path.is_dir():
            for path in sorted(self.path.glob("*.jpg")):
                yield cv2.imread(str(path))
            return
        video = Video(self.path)
        for frame in video.frames():
            yield frame.image
        video.close()

    def detect(self) -> None:
        for image in self.frames():
            imgsz = auto_imgsz(image.shape[1], image.shape[0])
            self.found += self.detector.detect([image], imgsz)


def follow(film: Clip, embed: Embed, threshold: float, sheets: Path | None) -> MotRows:
    """The tracks of a film."""
    rows, tracker = [], None
    crops: dict[int, list[Path]] = defaultdict(list)
    for number, (image, found) in enumerate(zip(film.frames(), film.found, strict=True), start=1):
        if tracker is None:
            tracker = tracker_of(
                "strongsort", options={}, same_person=threshold, frame_size=image.shape[1::-1],
                motion_px=640 if film.moving else 0, motion="sof",
            )  # fmt: skip
        vectors = embed(found.boxes, image)
        made = tracker.update(found, vectors, image)
        for track, at in zip(made.track_ids.tolist(), made.detection.tolist(), strict=True):
            box = found.boxes[at]
            rows.append([number, track, *box])
            if sheets and number % 5 == 0:
                x1, y1, x2, y2 = (int(v) for v in np.round(box))
                path = sheets / f"{track:04d}" / f"{number:05d}.jpg"
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), image[max(y1, 0) : y2 + 1, max(x1, 0) : x2 + 1])
                crops[track].append(path)
    if sheets:
        for page, sheet in enumerate(contact_sheets(crops, film.path.stem)):
            cv2.imwrite(str(sheets.with_name(f"{sheets.name}-{page}.jpg")), sheet)
    data = np.array(rows, float).reshape(-1, 6)
    return MotRows(data[:, 0].astype(int), data[:, 1].astype(int), data[:, 2:], np.ones(len(data), bool))


def counted(name: str, tracks: MotRows) -> str:
    lengths = Counter(tracks.track.tolist()).values()
    short = sum(n < SHORT for n in lengths)
    return f"{name}: {len(lengths)} tracks, {short} of fewer than {SHORT} frames, {len(tracks)} boxes"


def campus(folder: Path) -> list[Clip]:
    workspace, detector = Workspace(folder), detector_of("campus")
    films = []
    for video in sorted(workspace.videos.iterdir()):
        truth = read_truth(workspace.truth.mot(video.stem), problems := Problems())
        problems.raise_if_any("{n} problems")
        moving = video.stem.endswith("_uav")
        films.append(
            Clip(video, detector, f"campus, {'drones' if moving else 'wall cameras'}", moving, truth)
        )
    return films


def mot(folder: Path, detector: Detector) -> list[Clip]:
    films = []
    for sequence in sorted(folder.glob("MOT17-*")):
        truth = read_truth(sequence / "gt" / "gt.txt", problems := Problems())
        problems.raise_if_any("{n} problems")
        films.append(Clip(sequence / "img1", detector, "MOT17-mini", False, truth))
    return films


def detector_of(weights: str) -> Detector:
    path = find_weights(weights, folders=[Path()], download=False)
    return Detector(path, classes=("person",), conf=0.25, iou=0.7, min_px=8, device="cpu", half=False)


def embedder_of(name: str) -> Embed:
    return ColourEmbedder() if name == "colour" else RunEmbedder(
        Pretrained(name, size=(128, 64)), folder=Path(tempfile.gettempdir()) / "agreid-appearance"
    )  # fmt: skip


def report(films: Sequence[Clip], name: str, threshold: float, sheets: Path | None) -> None:
    embed = embedder_of(name)
    pairs: dict[str, dict[str, tuple[MotRows, MotRows]]] = defaultdict(dict)
    for film in films:
        own = sheets / f"{name}-{threshold}".replace(":", "-") if sheets and film.truth is None else None
        tracks = follow(film, embed, threshold, own)
        if film.truth is None:
            print(f"{name} {threshold}: {counted(film.path.stem, tracks)}", flush=True)
        else:
            pairs[film.group][f"{film.path.parent.name}-{film.path.stem}"] = (film.truth, tracks)
    for group, videos in pairs.items():
        found = score_videos(videos)[-1]
        print(
            f"{name} {threshold}: {group}: HOTA {100 * found.HOTA:.1f}, IDF1 {100 * found.IDF1:.1f}, "
            f"{found.switches} switches, {found.tracks} tracks of {found.people} people, "
            f"{found.switches / max(found.tracks, 1):.3f} switches a track",
            flush=True,
        )


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--video", type=Path, nargs="*", default=[])
    words.add_argument("--mot", type=Path)
    words.add_argument("--detector", default="yolov8n.pt")
    words.add_argument("--campus", type=Path)
    words.add_argument("--with", nargs="+", default=["colour:0.2", "shipped:0.4"], dest="embedders")
    words.add_argument("--sheets", type=Path)
    given = words.parse_args()
    cv2.setNumThreads(1)
    films = [Clip(path, detector_of(given.detector), "") for path in given.video]
    films += mot(given.mot, detector_of(given.detector)) if given.mot else []
    films += campus(given.campus) if given.campus else []
    with threadpool_limits(1, "blas"):
        for film in films:
            film.detect()
        for said in given.embedders:
            name, _, threshold = said.rpartition(":")
            report(films, name, float(threshold), given.sheets)


if __name__ == "__main__":
    main()
