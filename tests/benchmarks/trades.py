"""Time saved by each speed option, and the difference of its tracks to those of the exact run.

    python -m tests.benchmarks.trades --shared ../shared --frames 300

Time is per frame and alternates with the exact run in one process; IDF1 compares the tracks with the exact
run's (1.0 = the same), at all frames. The OpenVINO rows need `pip install openvino`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import tempfile
import time
from pathlib import Path

os.environ.pop("OPENBLAS_CORETYPE", None)

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from threadpoolctl import threadpool_limits

from agreid_cli.records.boxes import box_ious
from agreid_cli.vision.detector import Detector
from agreid_cli.vision.embedders.reid import ReidEmbedder
from agreid_cli.vision.embedders.reuse import Reusing
from agreid_cli.vision.extract import extract
from agreid_cli.vision.tracker import BoxmotTracker
from agreid_cli.vision.video import Video
from tests.benchmarks.extract import make_clip

Track = dict[int, tuple[np.ndarray, np.ndarray]]  # frame → ids, boxes


def idf1(exact: Track, other: Track) -> float:
    """Identity F1 of `other` against `exact`, boxes matched at IoU 0.5 (Ristani et al., ECCV-W 2016)."""
    together: dict[tuple[int, int], int] = {}
    n_exact = sum(len(ids) for ids, _ in exact.values())
    n_other = sum(len(ids) for ids, _ in other.values())
    for frame, (ids, boxes) in exact.items():
        theirs, their_boxes = other.get(frame, (np.zeros(0, int), np.zeros((0, 4))))
        for a, b in zip(*np.nonzero(box_ious(boxes, their_boxes) >= 0.5), strict=True):
            key = (int(ids[a]), int(theirs[b]))
            together[key] = together.get(key, 0) + 1
    rows, columns = sorted({a for a, _ in together}), sorted({b for _, b in together})
    table = np.zeros((len(rows), len(columns)))
    for (a, b), count in together.items():
        table[rows.index(a), columns.index(b)] = count
    best = table[linear_sum_assignment(-table)].sum()
    return float(2 * best / max(n_exact + n_other, 1))


def run(
    clip: Path, args: argparse.Namespace, detector: Detector, embed: object, **options: int
) -> tuple[float, Track]:
    """Seconds a frame (networks already loaded) and the tracks."""
    video = Video(clip)
    tracker = BoxmotTracker(
        "strongsort", options={}, same_person=0.4, frame_size=video.size,
        motion_px=options.get("motion_px", 0), motion_iterations=options.get("motion_iterations", 100),
    )  # fmt: skip
    embed = Reusing(embed, options["reuse"]) if options.get("reuse") else embed
    tracks: Track = {}
    start = time.perf_counter()
    with threadpool_limits(1, "blas"):
        for seen in extract(
            itertools.islice(video.frames(), args.frames), detector, tracker, embed,
            frame_size=video.size, imgsz=args.imgsz, batch=1, every=30, jpeg_quality=95,
            pixelate=False, min_head_px=8,
        ):  # fmt: skip
            tracks[seen.frame.index] = (seen.tracks.track_ids, seen.detections.boxes[seen.tracks.detection])
    return (time.perf_counter() - start) / args.frames, tracks


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--clip", choices=["vtest", "crowd", "4k"], default="vtest")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--imgsz", type=int, default=640)
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(2)
    weights, reid = args.shared / "weights/yolov8n.pt", args.shared / "weights/osnet_x0_25_msmt17.pt"
    common = {"classes": ["person"], "conf": 0.25, "iou": 0.7, "min_px": 1, "device": "cpu", "half": False}
    detector, embed = Detector(weights, **common), ReidEmbedder(reid)
    moving = {"motion_px": 320} if args.clip == "4k" else {}
    trades: dict[str, tuple[object, object, dict[str, int]]] = {
        "reuse 1 frame": (detector, embed, {**moving, "reuse": 1}),
        "reuse 4 frames": (detector, embed, {**moving, "reuse": 4}),
    }
    if moving:
        trades["camera motion off"] = (detector, embed, {})
        trades["camera motion at 576 px, boxmot's size"] = (detector, embed, {"motion_px": 576})
        trades["camera motion, 20 iterations"] = (detector, embed, {**moving, "motion_iterations": 20})
    with tempfile.TemporaryDirectory() as folder:
        clip = make_clip(args.clip, args.shared / "videos/vtest_480x360.avi", Path(folder), args.frames)
        try:
            import openvino  # noqa: F401
        except ImportError:
            pass
        else:
            trades["embedder in OpenVINO"] = (detector, ReidEmbedder(reid, backend="openvino"), moving)
            exported = export(weights, Path(folder), args.imgsz)
            trades["detector in OpenVINO"] = (Detector(exported, **common), embed, moving)
        for name, (finder, describe, options) in trades.items():
            ratios = []
            for _ in range(args.rounds):
                exact_s, exact = run(clip, args, detector, embed, **moving)
                traded_s, traded = run(clip, args, finder, describe, **options)
                ratios.append(round(exact_s / traded_s, 2))
            print(json.dumps({
                "clip": args.clip, "frames": args.frames, "trade": name, "times_quicker": max(ratios),
                "all": ratios, "IDF1_to_exact": round(idf1(exact, traded), 3), "load": os.getloadavg()[0],
            }), flush=True)  # fmt: skip


def export(weights: Path, folder: Path, imgsz: int) -> Path:
    """The detector as an OpenVINO folder, by ultralytics' own exporter, from a copy of the weights."""
    from agreid_cli.vision import vendors

    copy = folder / weights.name
    copy.write_bytes(weights.read_bytes())
    with vendors.as_the_user_had_it():
        made = vendors.ultralytics().YOLO(str(copy)).export(format="openvino", imgsz=imgsz, dynamic=True)
    return Path(made)


if __name__ == "__main__":
    main()
