"""Trains the small detector that is shipped in `assets/detector/campus.pt`, from nothing, on campus frames.

    python -m tests.benchmarks.train_detector FOLDER [--tiles 1600] [--epochs 30]

Tiles of 320 × 320 pixels are cut from frames of campuses of their own (seeds 7000 and up; RESULTS.md measures
on others), at the sizes at which `extract-crops` shows frames to a detector: a 4K frame at two thirds, smaller
ones as they are. The network is ultralytics' YOLOv8 at half the width of its smallest size, with one class. Give the
same FOLDER again to go on after an interruption. On a GPU give `--device 0`, more tiles and more epochs.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from agreid_cli.synth.shoot import Moment, moment, shoot
from agreid_cli.synth.truth import sight
from agreid_cli.synth.world import Pair, Plan, make_campus

TILE = 320
WIDTH = 0.125  # channels, against 0.25 of YOLOv8n
#: platform, size of the frames: 2/3 is a 4K frame at the detector's input of 2560.
KINDS = (("uav", 2 / 3), ("uav", 0.5), ("uav", 0.25), ("cctv", 1.0), ("cctv", 1.0), ("cctv", 0.5))
FIRST_SEED, TILES_A_CAMPUS, EMPTY = 7000, 40, 0.12


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tiles", type=int, default=1600)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    data = _data(options.folder.resolve(), options.tiles)
    best = _train(options.folder.resolve(), data, options)
    _strip(best, options.folder / "campus.pt")
    print(f"{options.folder / 'campus.pt'}: {(options.folder / 'campus.pt').stat().st_size / 1e6:.2f} MB")


def _data(folder: Path, tiles: int) -> Path:
    """The tiles and their labels, made where they are not there yet; every tenth campus is for validation."""
    campuses = range(-(-tiles // TILES_A_CAMPUS))
    with ProcessPoolExecutor() as pool:
        for number, made in enumerate(pool.map(_campus_tiles, [folder] * len(campuses), campuses)):
            print(f"campus {number + 1}/{len(campuses)}: {made} tiles made", flush=True)
    file = folder / "data.yaml"
    file.write_text(f"path: {folder}\ntrain: images/train\nval: images/val\nnames: {{0: person}}\n")
    return file


def _campus_tiles(folder: Path, number: int) -> int:
    part = "val" if number % 10 == 9 else "train"
    made = 0
    for index, (image, boxes) in enumerate(_tiles(number)):
        path = folder / "images" / part / f"{number:03}-{index:02}.png"
        if path.is_file():
            return 0
        path.parent.mkdir(parents=True, exist_ok=True)
        label = folder / "labels" / part / f"{path.stem}.txt"
        label.parent.mkdir(parents=True, exist_ok=True)
        lines = [
            f"0 {(a + c) / 2 / TILE:.5f} {(b + d) / 2 / TILE:.5f} {(c - a) / TILE:.5f} {(d - b) / TILE:.5f}"
            for a, b, c, d in boxes
        ]
        label.write_text("\n".join(lines))
        cv2.imwrite(str(path), image)
        made += 1
    return made


def _tiles(number: int) -> Iterator[tuple[np.ndarray, list[tuple[float, float, float, float]]]]:
    rng = np.random.default_rng([FIRST_SEED, number])
    platform, size = KINDS[number % len(KINDS)]
    plan = Plan(identities=48, pairs=3, seconds=20.0, size=size, fps=10, seed=FIRST_SEED + number)
    pairs = make_campus(plan)
    for _ in range(TILES_A_CAMPUS):
        pair: Pair = pairs[rng.integers(len(pairs))]
        now = moment(pair, platform, int(rng.integers(pair.frames)))
        yield _tile(now, rng)


def _tile(
    now: Moment, rng: np.random.Generator
) -> tuple[np.ndarray, list[tuple[float, float, float, float]]]:
    """A tile round a person, or anywhere; the boxes are of what is seen of each person, in its pixels."""
    width, height = now.camera.width, now.camera.height
    side_x, side_y = min(TILE, width), min(TILE, height)
    inside = np.flatnonzero(now.in_frame > 0.3)
    if len(inside) and rng.random() > EMPTY:
        box = now.boxes[rng.choice(inside)]
        middle = (box[:2] + box[2:]) / 2 + rng.uniform(-0.35, 0.35, 2) * TILE
    else:
        middle = rng.uniform([0, 0], [width, height])
    x0 = int(np.clip(middle[0] - side_x / 2, 0, width - side_x))
    y0 = int(np.clip(middle[1] - side_y / 2, 0, height - side_y))
    shot = shoot(now, (x0, y0, x0 + side_x, y0 + side_y))
    image = np.full((TILE, TILE, 3), 114, np.uint8)
    image[:side_y, :side_x] = shot.image
    found = []
    for index in range(len(now.people)):
        one = sight(now, shot, index)
        if one is None or min(one.seen[2] - one.seen[0], one.seen[3] - one.seen[1]) < 4:
            continue
        whole = np.clip(one.box, [x0, y0] * 2, [x0 + side_x, y0 + side_y] * 2)
        area = max((whole[2] - whole[0]) * (whole[3] - whole[1]), 1.0)
        if (one.seen[2] - one.seen[0]) * (one.seen[3] - one.seen[1]) >= 0.25 * area:
            a, b, c, d = one.seen
            found.append((a - x0, b - y0, c - x0, d - y0))
    return image, found


def _train(folder: Path, data: Path, options: argparse.Namespace) -> Path:
    from agreid_cli.vision import vendors

    vendors.ultralytics()
    import torch
    import ultralytics
    import yaml
    from ultralytics import YOLO

    last = folder / "run" / "weights" / "last.pt"
    done = folder / "run" / "weights" / "best.pt"
    resume = last.is_file()
    if resume:
        model = YOLO(str(last))
    else:
        published = Path(ultralytics.__file__).parent / "cfg" / "models" / "v8" / "yolov8.yaml"
        tree = yaml.safe_load(published.read_text())
        tree["nc"], tree["scales"] = 1, {"n": [0.33, WIDTH, 1024]}
        own = folder / "yolov8n.yaml"
        own.write_text(yaml.safe_dump(tree))
        model = YOLO(str(own))
    model.add_callback("on_train_start", lambda trainer: torch.set_num_threads(options.threads))
    model.train(
        data=str(data), imgsz=TILE, epochs=options.epochs, batch=options.batch, device=options.device,
        project=str(folder), name="run", exist_ok=True, resume=resume, workers=0, cache="ram", seed=0,
        close_mosaic=5, scale=0.4, degrees=0.0, fliplr=0.5, hsv_h=0.02, hsv_s=0.6, hsv_v=0.4, patience=0,
        plots=False, amp=False,
    )  # fmt: skip
    return done


def _strip(checkpoint: Path, out: Path) -> None:
    """The weights alone, in half precision, as `extract-crops` reads them."""
    from ultralytics.utils.torch_utils import strip_optimizer

    shutil.copyfile(checkpoint, out)
    strip_optimizer(str(out))


if __name__ == "__main__":
    main()
