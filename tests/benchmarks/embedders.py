"""How well embedders of the tracker tell people apart in real frames, without a tracker.

`python -m tests.benchmarks.embedders MOT17 osnet_x0_25_msmt17.pt`, where MOT17 holds MOT17-02-FRCNN etc.
People in the first and the last frame of a sequence, seen by half or more, cut by their true boxes. Prints
how often the nearest crop is the same person's, and the shares of pairs of one person and of two people whose
cosine distance is below the threshold.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch

from agreid_cli.nn.encoder import Encoder
from agreid_cli.stages.run.pretrained import Pretrained, pretrained_network
from agreid_cli.vision.embedders.colour import ColourEmbedder, patch
from agreid_cli.vision.embedders.reid import ReidEmbedder

SIZE = (128, 64)


def by_network(name: str) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    encoder: Encoder = pretrained_network(Pretrained(name, size=SIZE)).encoder()

    def embed(boxes: np.ndarray, frame: np.ndarray) -> np.ndarray:
        crops = np.stack([encoder.resize(patch(frame, np.round(box))[..., ::-1]) for box in boxes])
        with torch.inference_mode():
            rows = encoder.embed(encoder.images(crops))
        return torch.nn.functional.normalize(rows, dim=1).numpy()

    return embed


def people(folder: Path, number: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Track numbers, boxes inside the frame, and the frame."""
    frame = cv2.imread(str(folder / "img1" / f"{number:06d}.jpg"))
    here = rows[rows[:, 0] == number]
    boxes = np.concatenate([here[:, 2:4], here[:, 2:4] + here[:, 4:6]], axis=1).astype(np.float32)
    boxes = np.clip(boxes, 0, np.tile([frame.shape[1] - 1, frame.shape[0] - 1], 2)).astype(np.float32)
    large = (boxes[:, 2] - boxes[:, 0] > 4) & (boxes[:, 3] - boxes[:, 1] > 8)
    return here[large, 1], boxes[large], frame


def main() -> None:
    folder, osnet = Path(sys.argv[1]), Path(sys.argv[2])
    embedders = {
        "colour": (ColourEmbedder(), ColourEmbedder.same_person),
        "osnet": (ReidEmbedder(osnet), ReidEmbedder.same_person),
        "timm:mobilenetv2_100": (by_network("timm:mobilenetv2_100"), 0.4),
        "timm:tf_efficientnet_lite0": (by_network("timm:tf_efficientnet_lite0"), 0.4),
    }
    for name, (embed, threshold) in embedders.items():
        same, other, hits = [], [], []
        for sequence in sorted(folder.glob("MOT17-*")):
            rows = np.loadtxt(sequence / "gt" / "gt.txt", delimiter=",")
            rows = rows[(rows[:, 7] == 1) & (rows[:, 8] >= 0.5)]
            first, last = (people(sequence, int(n), rows) for n in (1, rows[:, 0].max()))
            distance = 1 - embed(first[1], first[2]) @ embed(last[1], last[2]).T
            match = first[0][:, None] == last[0][None]
            same += distance[match].tolist()
            other += distance[~match].tolist()
            hits += [match[i, distance[i].argmin()] for i in np.flatnonzero(match.any(axis=1))]
        below = [float((np.array(part) < threshold).mean()) for part in (same, other)]
        print(
            f"{name}: {len(same)} people, nearest is the same {np.mean(hits):.3f}; below {threshold}: the "
            f"same {below[0]:.2f}, others {below[1]:.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
