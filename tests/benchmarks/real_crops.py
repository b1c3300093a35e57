"""How well embedders tell real people apart: true boxes of MOT17 across frames, without a tracker.

    python -m tests.benchmarks.real_crops MOT17 [WEIGHTS ...] [--least 20] [--second-camera SEED]

MOT17 has MOT17-02-FRCNN etc. A crop of every person in every frame, seen by half or more, is a query; the
gallery is all crops of all sequences, without those of the same person less than `--least` frames away.
`--second-camera`: the gallery is seen by another camera, drawn once a frame: white balance, gamma,
resolution, mirror, and boxes that are off by a tenth. In a few frames of one camera any embedder finds
almost everybody.
WEIGHTS: what `agreid embed --weights` takes, as `shipped`, `timm:mobilenetv2_100` or OSNet files. The four
colour histograms of `evaluate --baseline colour` are ranked in any case.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

from agreid_cli.stages.run.pretrained import Pretrained, pretrained_network
from agreid_cli.vision.colour_histograms import SIZE, described
from agreid_cli.vision.embedders.colour import patch

LEAST_HEIGHT = 40  # pixels: smaller people cannot be told apart by eye


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("weights", nargs="*", default=["shipped"])
    parser.add_argument("--least", type=int, default=20)
    parser.add_argument("--second-camera", type=int, metavar="SEED")
    options = parser.parse_args()
    seed = options.second_camera
    crops, person, when = _people(options.folder, None)
    others = crops if seed is None else _people(options.folder, np.random.default_rng(seed))[0]
    print(f"{len(crops)} crops of {len(set(person.tolist()))} people")
    for name, features in _features([*crops, *others], options.weights):
        query, gallery = features[: len(crops)], features[len(crops) :]
        mean_precision, first, n = _rank(query, gallery, person, when, options.least)
        print(f"{name}: mAP {mean_precision:.1%}, Rank-1 {first:.1%} of {n} queries", flush=True)


def _people(
    root: Path, camera: np.random.Generator | None
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """RGB crops, of another camera if one is given; the number of the person and of the frame of each."""
    crops, person, when = [], [], []
    for number, sequence in enumerate(sorted(root.glob("MOT17-*"))):
        rows = np.loadtxt(sequence / "gt" / "gt.txt", delimiter=",")
        rows = rows[
            (rows[:, 6] == 1) & (rows[:, 7] == 1) & (rows[:, 8] >= 0.5) & (rows[:, 5] >= LEAST_HEIGHT)
        ]
        for frame in sorted(set(rows[:, 0].astype(int).tolist())):
            image = cv2.imread(str(sequence / "img1" / f"{frame:06d}.jpg"))
            if image is None:
                continue
            sees = _camera(camera)
            corner = np.array([image.shape[1], image.shape[0]] * 2) - 1
            for row in rows[rows[:, 0] == frame]:
                box = np.array([row[2], row[3], row[2] + row[4], row[3] + row[5]])
                if camera is not None:
                    box = box + camera.uniform(-0.1, 0.1, 4) * np.tile(row[4:6], 2)
                box = np.clip(box, 0, corner)
                crops.append(sees(np.ascontiguousarray(patch(image, np.round(box))[..., ::-1])))
                person.append(number * 10_000 + int(row[1]))
                when.append(frame)
    return crops, np.array(person), np.array(when)


def _camera(rng: np.random.Generator | None) -> Callable[[np.ndarray], np.ndarray]:
    """What a camera makes of a crop; with None what it is."""
    if rng is None:
        return lambda crop: crop
    gain, gamma = rng.uniform(0.7, 1.3, 3), rng.uniform(0.6, 1.6)
    height, mirrored = rng.integers(40, 80), rng.random() < 0.5

    def sees(crop: np.ndarray) -> np.ndarray:
        size = (max(8, round(height * crop.shape[1] / crop.shape[0])), int(height))
        small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
        toned = np.clip((small / 255.0) ** gamma * gain, 0, 1) * 255
        return np.ascontiguousarray(np.rint(toned).astype(np.uint8)[:, :: -1 if mirrored else 1])

    return sees


def _features(crops: list[np.ndarray], weights: list[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Rows of unit length by the name of the embedder."""
    height, width = SIZE
    small = np.stack([cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA) for crop in crops])
    yield from described(small)
    for name in weights:
        encoder = pretrained_network(Pretrained(name, size=SIZE)).encoder()
        pixels = np.stack([encoder.resize(crop) for crop in crops])
        with torch.inference_mode():
            parts = [encoder.embed(encoder.images(pixels[at : at + 64])) for at in range(0, len(pixels), 64)]
        yield Path(name).name, torch.nn.functional.normalize(torch.cat(parts), dim=1).numpy()


def _rank(
    query: np.ndarray, gallery: np.ndarray, person: np.ndarray, when: np.ndarray, least: int
) -> tuple[float, float, int]:
    """mAP, Rank-1 and the number of queries that have a true match."""
    precision, first = [], []
    for at in range(len(query)):
        same = person == person[at]
        kept = ~(same & (np.abs(when - when[at]) < least))
        if not (kept & same).any():
            continue
        hits = same[kept][np.argsort(-(gallery[kept] @ query[at]), kind="stable")]
        places = np.flatnonzero(hits) + 1
        precision.append(float((np.arange(1, len(places) + 1) / places).mean()))
        first.append(float(hits[0]))
    return float(np.mean(precision)), float(np.mean(first)), len(precision)


if __name__ == "__main__":
    main()
