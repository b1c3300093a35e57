"""Speed of the pipeline compared with a simple script, at identical tracks and crops.

    python -m tests.benchmarks.extract --shared ../shared --clip vtest --frames 200 --rounds 3

The peer is `cv2.read` → `YOLO.predict(frame)` → `StrongSort.update` → `imwrite`, with the same weights and
parameters, both started with the same number of threads (ultralytics then cuts the peer's, as it does to its
users), run in turn in one process; networks are loaded and warm before the clock starts. Clips: `vtest` (the
real video), `crowd` (four of its frames side by side, about 25 people) and `4k` (a mosaic at 3840×2160 that
drifts as a drone's picture does).
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import tempfile
import time
from pathlib import Path

os.environ.pop("OPENBLAS_CORETYPE", None)  # it halves numpy's products where a machine sets it
os.environ.update({"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false"})

import cv2
import numpy as np

Row = tuple[int, ...]  # frame, track, x1, y1, x2, y2


def make_clip(name: str, source: Path, folder: Path, frames: int) -> Path:
    """A clip of `frames` frames made of the real video; MJPG, so that decoding is the same everywhere."""
    if name == "vtest":
        return source
    columns, rows, size = {"crowd": (2, 2, (960, 720)), "4k": (4, 3, (3840, 2160))}[name]
    out = folder / f"{name}.avi"
    pool = _read(source, frames * columns * rows)
    writer = cv2.VideoWriter(str(out), cv2.VideoWriter_fourcc(*"MJPG"), 10, size)
    cell = (size[0] // columns, size[1] // rows)
    for index in range(frames):
        canvas = np.zeros((size[1], size[0], 3), np.uint8)
        for k in range(columns * rows):
            part = cv2.resize(pool[(index + k * frames) % len(pool)], cell, interpolation=cv2.INTER_CUBIC)
            y, x = k // columns * cell[1], k % columns * cell[0]
            canvas[y : y + cell[1], x : x + cell[0]] = part
        if name == "4k":
            shift = np.float32([[1, 0, 12 * np.sin(index / 9)], [0, 1, 8 * np.cos(index / 7)]])
            canvas = cv2.warpAffine(canvas, shift, size, borderMode=cv2.BORDER_REPLICATE)
        writer.write(canvas)
    writer.release()
    return out


def _read(source: Path, count: int) -> list[np.ndarray]:
    capture, frames = cv2.VideoCapture(str(source)), []
    while len(frames) < count:
        good, image = capture.read()
        if not good:
            break
        frames.append(image)
    return frames


class Naive:
    """The glue as one writes it after reading both packages' front pages."""

    def __init__(self, args: argparse.Namespace, options: dict[str, object]) -> None:
        import torch
        from boxmot.reid.core.runtime import ReID
        from ultralytics import YOLO

        self.args, self.options = args, options
        self.model = YOLO(str(args.detector))
        backend = ReID(weights=args.embedder, device=torch.device("cpu"), half=False)
        self.reid = getattr(backend, "model", backend)

    def __call__(self, clip: Path, frames: int, out: Path) -> list[Row]:
        from boxmot import StrongSort

        args = self.args
        tracker = StrongSort(**self.options, reid_model=self.reid)
        if not args.motion:
            tracker.cmc = None
        capture = cv2.VideoCapture(str(clip))
        rows: list[Row] = []
        for index in range(frames):
            good, frame = capture.read()
            if not good:
                break
            result = self.model.predict(
                frame, imgsz=args.imgsz, conf=0.25, iou=0.7, classes=[0], verbose=False
            )[0]
            found = result.boxes.data.cpu().numpy()
            tracks = tracker.update(found if len(found) else np.zeros((0, 6)), frame)
            for track in tracks if index % args.every == 0 else ():
                box = found[int(track[7]), :4]
                x1, y1 = np.maximum(np.floor(box[:2]).astype(int), 0)
                x2, y2 = np.ceil(box[2:]).astype(int)
                cv2.imwrite(str(out / f"{index}_{int(track[4])}.jpg"), frame[y1:y2, x1:x2])
                rows.append((index, int(track[4]) + 1, int(x1), int(y1), int(x2), int(y2)))
        return rows


class Ours:
    """The pipeline of `agreid extract-crops`, at the peer's settings."""

    def __init__(self, args: argparse.Namespace, options: dict[str, object]) -> None:
        from agreid_cli.vision.detector import Detector
        from agreid_cli.vision.embedders.reid import ReidEmbedder

        self.args, self.options = args, options
        self.detector = Detector(
            args.detector, classes=["person"], conf=0.25, iou=0.7, min_px=1, device="cpu", half=False
        )
        self.embed = ReidEmbedder(args.embedder)

    def __call__(self, clip: Path, frames: int, out: Path) -> list[Row]:
        from threadpoolctl import threadpool_limits

        from agreid_cli.vision.extract import extract
        from agreid_cli.vision.tracker import BoxmotTracker
        from agreid_cli.vision.video import Video

        args, video, rows = self.args, Video(clip), []
        tracker = BoxmotTracker(
            "strongsort", options=self.options, same_person=0.4, frame_size=video.size, motion_px=0
        )
        if args.motion:
            from boxmot.trackers.common.motion.cmc import create_cmc

            tracker.boxmot.cmc = create_cmc(
                "ecc"
            )  # the peer's own size of picture, to compare like with like
        with threadpool_limits(1, "blas"):
            for seen in extract(
                itertools.islice(video.frames(), frames), self.detector, tracker, self.embed,
                frame_size=video.size, imgsz=args.imgsz, batch=args.batch, every=args.every,
                jpeg_quality=95, pixelate=False, min_head_px=8,
            ):  # fmt: skip
                for crop in seen.crops:
                    (out / f"{seen.frame.index}_{crop.track_id}.jpg").write_bytes(crop.jpeg)
                    rows.append((seen.frame.index, crop.track_id, *crop.box))
        return rows


def floors(clip: Path, args: argparse.Namespace) -> tuple[float, float]:
    """Seconds to decode only, and to decode and detect (in turn, all threads)."""
    from agreid_cli.vision.detector import Detector
    from agreid_cli.vision.video import Video

    start = time.perf_counter()
    for _ in itertools.islice(Video(clip).frames(), args.frames):
        pass
    decode = time.perf_counter() - start
    detector = Detector(
        args.detector, classes=["person"], conf=0.25, iou=0.7, min_px=1, device="cpu", half=False
    )
    start = time.perf_counter()
    for frame in itertools.islice(Video(clip).frames(), args.frames):
        detector.detect([frame.image], args.imgsz)
    return decode, time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--clip", choices=["vtest", "crowd", "4k"], default="vtest")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--imgsz", type=int, default=640)
    parser.add_argument("--every", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--motion", action="store_true", help="camera motion compensation on in both")
    args = parser.parse_args()
    args.detector = args.shared / "weights/yolov8n.pt"
    args.embedder = args.shared / "weights/osnet_x0_25_msmt17.pt"
    from agreid_cli.vision.tracker import TRACKERS

    options = {**TRACKERS["strongsort"], "max_cos_dist": 0.4}
    import torch

    with tempfile.TemporaryDirectory() as folder:
        clip = make_clip(args.clip, args.shared / "videos/vtest_480x360.avi", Path(folder), args.frames)
        runners = {"naive": Naive(args, options), "ours": Ours(args, options)}
        seconds: dict[str, list[float]] = {name: [] for name in runners}
        threads = dict.fromkeys(runners, args.threads)
        outcome: dict[str, list[Row]] = {}
        for frames in (min(40, args.frames), *[args.frames] * args.rounds):  # the first, short, warms up
            for name, run in runners.items():
                torch.set_num_threads(threads[name])
                out = Path(folder) / name
                out.mkdir(exist_ok=True)
                start = time.perf_counter()
                outcome[name] = sorted(run(clip, frames, out))
                seconds[name].append(time.perf_counter() - start)
                if name == "naive":
                    threads[name] = torch.get_num_threads()  # what ultralytics leaves its users of them
        seconds = {name: values[1:] for name, values in seconds.items()}
        decode, detect = floors(clip, args)
    best = {name: min(values) for name, values in seconds.items()}
    boxes = {name: {row[:2]: np.array(row[2:]) for row in rows} for name, rows in outcome.items()}
    same = boxes["naive"].keys() == boxes["ours"].keys()
    apart = (
        max((int(abs(boxes["naive"][k] - boxes["ours"][k]).max()) for k in boxes["naive"]), default=0)
        if same
        else -1
    )
    print(json.dumps({
        "clip": args.clip, "imgsz": args.imgsz, "frames": args.frames, "threads": threads,
        "motion": args.motion, "naive_s": round(best["naive"], 2), "ours_s": round(best["ours"], 2),
        "ratio": round(best["naive"] / best["ours"], 2),
        "ratios": [round(a / b, 2) for a, b in zip(seconds["naive"], seconds["ours"], strict=True)],
        "decode_s": round(decode, 2), "decode_detect_s": round(detect, 2),
        "share_of_floor": round(detect / best["ours"], 2),
        "crops": len(boxes["ours"]), "same_tracks": same, "largest_box_difference_px": apart,
        "load": os.getloadavg()[0],
    }))  # fmt: skip


if __name__ == "__main__":
    main()
