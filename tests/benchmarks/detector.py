"""Recall of the shipped campus detector by height, on frames it has not seen.

    python -m tests.benchmarks.detector FOLDER [--weights assets/detector/campus.pt] [--seed 9100]

Frames are rendered into FOLDER once, from campuses that the detector was not trained on (its own have seeds
from 7000 on), at full size and at a quarter, drone and wall camera apart. A person is found when a detection
overlaps the box of what is seen of them by IoU 0.5. Counted: people seen by half or more; a detection on
anybody else is neither right nor wrong. The input size is what `extract-crops` chooses.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from agreid_cli.assets import asset
from agreid_cli.metrics.track_scores import matched
from agreid_cli.records.boxes import box_ious
from agreid_cli.synth.film.shoot import moment, shoot
from agreid_cli.synth.film.truth import sights
from agreid_cli.synth.place.world import Plan, make_campus
from agreid_cli.vision.detector import Detector
from agreid_cli.vision.imgsz import auto_imgsz

#: platform, size of the frames, how many of them.
KINDS = (("uav", 1.0, 6), ("uav", 0.25, 24), ("cctv", 1.0, 24), ("cctv", 0.25, 24))
HEIGHTS = (0, 16, 24, 32, 48, 64, 96, 128, 192, 10_000)  # pixels of the detector's input
VISIBLE, IOU = 0.5, 0.5
CONFS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
Frame = tuple[np.ndarray, np.ndarray, np.ndarray]  # image, boxes (n, 4), those that count (n,)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", type=Path, default=None)
    parser.add_argument("--seed", type=int, default=9100)
    parser.add_argument("--conf", type=float, default=0.25)
    parser.add_argument("--kinds", type=int, nargs="+", default=list(range(len(KINDS))))
    options = parser.parse_args()
    detector = Detector(
        options.weights or asset("detector/campus.pt"), classes=["person"], conf=min(CONFS), iou=0.7,
        min_px=8, device="cpu", half=False,
    )  # fmt: skip
    for platform, size, count in (KINDS[at] for at in options.kinds):
        _render(options.folder, platform, size, count, options.seed)
        found = list(_found(options.folder, platform, size, count, options.seed, detector))
        _show(f"{platform} at size {size:g}", found, options.conf)


def _file(folder: Path, platform: str, size: float, seed: int, number: int) -> Path:
    return folder / f"{platform}-{size:g}-{seed}-{number:02}.png"


def _render(folder: Path, platform: str, size: float, count: int, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    todo = [n for n in range(count) if not _file(folder, platform, size, seed, n).is_file()]
    if todo:
        with ProcessPoolExecutor() as pool:
            list(pool.map(_frame, *zip(*((folder, platform, size, seed, n) for n in todo), strict=True)))


def _frame(folder: Path, platform: str, size: float, seed: int, number: int) -> None:
    """Frames come from a campus each three, so that every altitude, light and many looks are there."""
    plan = Plan(identities=48, pairs=3, seconds=20.0, size=size, fps=10, seed=seed + number // 3)
    pair = make_campus(plan)[number % 3]
    rng = np.random.default_rng([seed, number])
    now = moment(pair, platform, int(rng.integers(pair.frames)))
    shot = shoot(now, (0, 0, now.camera.width, now.camera.height))
    people = [{"box": one.seen, "visible": one.in_frame * one.visible} for one in sights(now, shot)]
    path = _file(folder, platform, size, seed, number)
    path.with_suffix(".json").write_text(json.dumps(people))
    cv2.imwrite(str(path), shot.image)


def _found(
    folder: Path, platform: str, size: float, count: int, seed: int, detector: Detector
) -> Iterator[dict[str, np.ndarray]]:
    """A frame: true and found boxes at the detector's scale, which count, scores and overlaps."""
    for number in range(count):
        path = _file(folder, platform, size, seed, number)
        image, people = cv2.imread(str(path)), json.loads(path.with_suffix(".json").read_text())
        height, width = image.shape[:2]
        imgsz = auto_imgsz(width, height)
        scale = imgsz / max(width, height)
        (seen,) = detector.detect([image], imgsz)
        truth = np.array([one["box"] for one in people]).reshape(-1, 4)
        yield {
            "truth": truth * scale,
            "counts": np.array([one["visible"] >= VISIBLE for one in people], bool),
            "found": seen.boxes * scale,
            "score": seen.scores,
            "scale": np.array(scale),
        }


def _judge(
    frame: dict[str, np.ndarray], conf: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Heights of true boxes that count and if found; of found boxes that are judged and if right."""
    found = frame["found"][frame["score"] >= conf]
    rows, columns = matched(box_ious(frame["truth"], found), IOU)
    hit, right = np.zeros(len(frame["truth"]), bool), np.zeros(len(found), bool)
    hit[rows], right[columns] = True, True
    judged = np.ones(len(found), bool)
    judged[columns[~frame["counts"][rows]]] = False
    counts = frame["counts"]
    return _heights(frame["truth"])[counts], hit[counts], _heights(found)[judged], right[judged]


def _heights(boxes: np.ndarray) -> np.ndarray:
    return boxes[:, 3] - boxes[:, 1]


def _show(title: str, frames: list[dict[str, np.ndarray]], conf: float) -> None:
    scale = float(frames[0]["scale"])
    print(f"\n{title}: {len(frames)} frames, the input is {scale:.2f} of the frame")
    for one in CONFS:
        _, hit, _, right = _judged(frames, one)
        print(f"  conf {one:.2f}: recall {hit.mean():.3f} of {len(hit)}, ", end="")
        print(f"precision {right.mean():.3f} of {len(right)}")
    tall, hit, found_tall, right = _judged(frames, conf)
    print(f"  by height at conf {conf}:  input px | frame px | people | recall | boxes | precision")
    for low, high in pairwise(HEIGHTS):
        mine, theirs = (tall >= low) & (tall < high), (found_tall >= low) & (found_tall < high)
        if mine.any() or theirs.any():
            print(f"  {low}–{high} | {low / scale:.0f}–{high / scale:.0f} | {mine.sum()} | ", end="")
            print(f"{_mean(hit[mine])} | {theirs.sum()} | {_mean(right[theirs])}")


def _judged(frames: list[dict[str, np.ndarray]], conf: float) -> list[np.ndarray]:
    return [np.concatenate(part) for part in zip(*(_judge(f, conf) for f in frames), strict=True)]


def _mean(values: np.ndarray) -> str:
    return f"{values.mean():.2f}" if len(values) else "–"


if __name__ == "__main__":
    main()
