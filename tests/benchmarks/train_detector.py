"""Train the small shipped detector `assets/detector/campus.pt` from random initialisation on campus frames.

    python -m tests.benchmarks.train_detector FOLDER [--tiles 2400] [--epochs 30] [--threads 1]

Tiles of 320 × 320 pixels are cut from frames of campuses of their own (seeds 7000 and up; RESULTS.md
measures on others), at the sizes at which `extract-crops` shows frames to a detector: a 4K frame at two
thirds, smaller ones as they are. The network is ultralytics' YOLOv8 at half the width of its smallest size,
with one class. Give the same FOLDER again to go on after an interruption. On a GPU give `--device 0`, more
tiles and more epochs.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from agreid_cli.synth.film.shoot import Moment, moment, shoot
from agreid_cli.synth.film.truth import sight
from agreid_cli.synth.place.world import Pair, Plan, make_campus

TILE = 320
WIDTH = 0.125  # channels, against 0.25 of YOLOv8n
#: platform, size of the frames, and by how much `extract-crops` enlarges such a frame for the detector. 2/3
#: is a 4K frame at the input of 2560, which it makes smaller.
KINDS = (
    ("uav", 2 / 3, 1.0), ("cctv", 1.0, 1.0), ("uav", 0.25, 1.0), ("cctv", 0.25, 640 / 176), ("uav", 0.5, 1.0),
    ("cctv", 0.5, 640 / 352),
)  # fmt: skip
FIRST_SEED, TILES_A_CAMPUS, EMPTY = 7000, 40, 0.12


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tiles", type=int, default=2400)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--start", type=Path, help="weights of an earlier leg to go on from")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    data = _data(options.folder.resolve(), options.tiles)
    last = _train(options.folder.resolve(), data, options)
    out = options.folder / "campus.pt"
    made = {name: vars(options)[name] for name in ("tiles", "epochs", "batch")}
    _strip(last, out, {"by": "tests/benchmarks/train_detector.py", "first_seed": FIRST_SEED, **made})
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB")


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
    if (folder / "images" / part / f"{number:03}-{TILES_A_CAMPUS - 1:02}.png").is_file():
        return 0
    made = 0
    for index, (image, boxes) in enumerate(_tiles(number)):
        path = folder / "images" / part / f"{number:03}-{index:02}.png"
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
    platform, size, zoom = KINDS[number % len(KINDS)]
    plan = Plan(identities=48, pairs=3, seconds=20.0, size=size, fps=10, seed=FIRST_SEED + number)
    pairs = make_campus(plan)
    for _ in range(TILES_A_CAMPUS):
        pair: Pair = pairs[rng.integers(len(pairs))]
        now = moment(pair, platform, int(rng.integers(pair.frames)))
        yield _tile(now, rng, zoom)


def _tile(
    now: Moment, rng: np.random.Generator, zoom: float
) -> tuple[np.ndarray, list[tuple[float, float, float, float]]]:
    """A tile round a person, or anywhere; the boxes are of what is seen of each person, in its pixels."""
    width, height = now.camera.width, now.camera.height
    side_x, side_y = min(round(TILE / zoom), width), min(round(TILE / zoom), height)
    inside = np.flatnonzero(now.in_frame > 0.3)
    if len(inside) and rng.random() > EMPTY:
        box = now.boxes[rng.choice(inside)]
        middle = (box[:2] + box[2:]) / 2 + rng.uniform(-0.35, 0.35, 2) * TILE / zoom
    else:
        middle = rng.uniform([0, 0], [width, height])
    x0 = int(np.clip(middle[0] - side_x / 2, 0, width - side_x))
    y0 = int(np.clip(middle[1] - side_y / 2, 0, height - side_y))
    shot = shoot(now, (x0, y0, x0 + side_x, y0 + side_y))
    image = np.full((TILE, TILE, 3), 114, np.uint8)
    large = cv2.resize(shot.image, None, fx=zoom, fy=zoom)[:TILE, :TILE]
    image[: large.shape[0], : large.shape[1]] = large
    found = []
    for index in range(len(now.people)):
        one = sight(now, shot, index)
        if one is None or zoom * min(one.seen[2] - one.seen[0], one.seen[3] - one.seen[1]) < 4:
            continue
        whole = np.clip(one.box, [x0, y0] * 2, [x0 + side_x, y0 + side_y] * 2)
        area = max((whole[2] - whole[0]) * (whole[3] - whole[1]), 1.0)
        if (one.seen[2] - one.seen[0]) * (one.seen[3] - one.seen[1]) >= 0.25 * area:
            a, b, c, d = one.seen
            found.append(((a - x0) * zoom, (b - y0) * zoom, (c - x0) * zoom, (d - y0) * zoom))
    return image, found


def _train(folder: Path, data: Path, options: argparse.Namespace) -> Path:
    from agreid_cli.vision import vendors

    vendors.ultralytics()
    import torch
    import ultralytics
    import yaml
    from ultralytics import YOLO

    last = folder / "run" / "weights" / "last.pt"
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
        if options.start:
            model.load(str(options.start))

    def on_train_start(trainer: Any) -> None:
        torch.set_num_threads(options.threads)
        trainer.model.to(memory_format=torch.channels_last)  # a quarter less time on a CPU

    model.add_callback("on_train_start", on_train_start)
    model.train(
        data=str(data), imgsz=TILE, epochs=options.epochs, batch=options.batch, device=options.device,
        project=str(folder), name="run", exist_ok=True, resume=resume, workers=1, cache="ram", seed=0,
        optimizer="AdamW", lr0=0.003, cos_lr=True, lrf=0.02, momentum=0.9, nbs=options.batch,
        close_mosaic=2, scale=0.4, degrees=0.0, fliplr=0.5, hsv_h=0.02, hsv_s=0.6, hsv_v=0.4, patience=0,
        plots=False, amp=False, warmup_epochs=1, warmup_bias_lr=0.0,
    )  # fmt: skip
    return last


def _strip(checkpoint: Path, out: Path, made: dict[str, Any]) -> None:
    """The smoothed weights alone, in half precision, as `extract-crops` reads them; no dates, no paths."""
    import torch
    from ultralytics.nn.tasks import torch_safe_load

    whole, _ = torch_safe_load(str(checkpoint))
    model = (whole.get("ema") or whole["model"]).half().to(memory_format=torch.contiguous_format).eval()
    model.requires_grad_(False)
    model.args, model.criterion = {}, None
    model.yaml = {**model.yaml, "yaml_file": "yolov8n.yaml"}
    for name in ("pt_path", "yaml_file"):
        model.__dict__.pop(name, None)
    tree = {
        "model": model, "train_args": {"task": "detect", "imgsz": TILE, "single_cls": True}, "epoch": -1,
        "license": "AGPL-3.0", "version": whole["version"], "made": made,
    }  # fmt: skip
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(tree, str(out))
    found = [word for word in (b"/tmp", b"/home", b"/root") if word in out.read_bytes()]
    assert not found, f"{out} names paths of this machine: {found}"


if __name__ == "__main__":
    main()
