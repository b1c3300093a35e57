"""Input size of the detector and recall of small persons in a 3840×2160 frame.

    python -m tests.benchmarks.recall --shared ../shared

Frames with known boxes: mosaics at 3840×2160 of the real MOT17-mini frames, shrunk to a third and to a half,
so that persons are as small as in UAV footage (the smallest kept by the paper is 31×59 pixels). A person is
found when a detection overlaps the true box by IoU 0.5. Counted: MOT17 class 1, visible by half or more.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from agreid_cli.records.boxes import box_ious
from agreid_cli.vision.detector import Detector
from agreid_cli.vision.imgsz import auto_imgsz

WIDTH, HEIGHT = 3840, 2160
BINS = ((40, 50), (50, 70), (70, 100), (100, 200))


def mosaic(frames: list[tuple[np.ndarray, np.ndarray]], scale: float) -> tuple[np.ndarray, np.ndarray]:
    """A 4K picture tiled with shrunk frames, and its true boxes (n, 5): x1 y1 x2 y2, counted 0/1."""
    canvas, boxes = np.full((HEIGHT, WIDTH, 3), 110, np.uint8), []
    y = k = 0
    while y < HEIGHT:
        x = row = 0
        while x < WIDTH:
            image, truth = frames[k % len(frames)]
            k += 1
            h, w = int(image.shape[0] * scale), int(image.shape[1] * scale)
            part = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA)[: HEIGHT - y, : WIDTH - x]
            canvas[y : y + part.shape[0], x : x + part.shape[1]] = part
            for left, top, width, height, kind, seen in truth:
                x1, y1 = left * scale + x, top * scale + y
                x2, y2 = x1 + width * scale, y1 + height * scale
                whole = x1 >= x and y1 >= y and x2 <= x + part.shape[1] and y2 <= y + part.shape[0]
                boxes.append((x1, y1, x2, y2, float(whole and kind == 1 and seen >= 0.5)))
            x, row = x + w, max(row, h)
        y += row
    return canvas, np.array(boxes)


def frames(root: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Every frame of every sequence with its boxes: left, top, width, height, class, visibility."""
    found = []
    for sequence in sorted(p for p in root.iterdir() if p.is_dir()):
        truth = np.loadtxt(sequence / "gt/gt.txt", delimiter=",", ndmin=2)
        for number, file in enumerate(sorted((sequence / "img1").iterdir()), start=1):
            rows = truth[(truth[:, 0] == number) & (truth[:, 6] == 1)]
            found.append((cv2.imread(str(file)), rows[:, [2, 3, 4, 5, 7, 8]]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--sizes", type=int, nargs="+", default=[640, 1280, 1920, 2560, 3840])
    args = parser.parse_args()
    torch.set_num_threads(2)
    detector = Detector(
        args.shared / "weights/yolov8n.pt", classes=["person"], conf=0.25, iou=0.7, min_px=1,
        device="cpu", half=False,
    )  # fmt: skip
    pool = frames(args.shared / "mot17-mini")
    pictures = [
        mosaic(pool[start:] + pool[:start], scale) for scale in (1 / 3, 1 / 2) for start in (0, 9, 18)
    ]
    for size in args.sizes:
        hits: dict[tuple[int, int], list[bool]] = {b: [] for b in BINS}
        seconds, right, given = [], 0, 0
        for picture, truth in pictures:
            start = time.perf_counter()
            found = detector.detect([picture], size)[0].boxes
            seconds.append(time.perf_counter() - start)
            overlap = box_ious(truth[:, :4], found)
            best = overlap.max(1, initial=0)
            right, given = right + int((overlap.max(0, initial=0) >= 0.5).sum()), given + len(found)
            height = truth[:, 3] - truth[:, 1]
            for low, high in BINS:
                asked = (height >= low) & (height < high) & (truth[:, 4] == 1)
                hits[low, high] += (best[asked] >= 0.5).tolist()
        print(json.dumps({
            "imgsz": size, "auto": size == auto_imgsz(WIDTH, HEIGHT),
            "ms": round(1000 * float(np.median(seconds))), "precision": round(right / max(given, 1), 2),
            **{f"{a}-{b} px": f"{np.mean(v):.2f} of {len(v)}" for (a, b), v in hits.items()},
        }), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
