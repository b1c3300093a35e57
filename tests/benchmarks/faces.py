"""Faces found in real street scenes, by the detector of `agreid extract-crops` and by Haar cascades.

`python -m tests.benchmarks.faces MOT17` where MOT17 holds the folders MOT17-02-FRCNN … with `img1` and `gt`.
In the first frame of seven sequences the people whose face shows were marked by eye, by their track numbers;
those of whom it cannot be said are left out. Each person is cut by the true box. Prints, for each detector,
how many of the faces were found, what was found on no marked person's head, and the processor time of a crop.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from agreid_cli.vision.centerface import Box, find_faces
from agreid_cli.vision.cutting import whole_pixels

#: Sequence → track numbers of people whose face shows, and of those of whom it cannot be said.
FACES: dict[str, tuple[set[int], set[int]]] = {
    "02": ({2, 3, 8, 12, 13, 19, 20, 23}, {15, 39, 46, 69}),
    "04": (
        {1, 61, 63, 66, 67, 70, 71, 75, 82, 83, 86, 87, 88, 89, 91, 94, 95},
        {5, 68, 69, 81, 93},
    ),
    "05": (set(), {1, 2}),
    "09": ({19, 21, 22}, set()),
    "10": ({1, 5}, {3, 6, 18}),
    "11": ({1, 2, 3, 4, 6, 16}, {13, 15}),
    "13": ({2, 5, 6, 9}, {4, 7}),
}
PEOPLE = (1, 2, 7)  # classes of MOT17: pedestrian, on a vehicle, static


def by_haar(crop: np.ndarray) -> list[Box]:
    """Frontal and both profiles, in the upper half: what agreid did before."""
    grey = cv2.cvtColor(crop[: max(1, len(crop) // 2)], cv2.COLOR_BGR2GRAY)
    if min(grey.shape) < 16:
        return []
    found = []
    for name, mirrored in (("frontalface_default", False), ("profileface", False), ("profileface", True)):
        image = cv2.flip(grey, 1) if mirrored else grey
        for x, y, w, h in cascade(name).detectMultiScale(image, 1.1, 4, minSize=(16, 16)):
            left = grey.shape[1] - x - w if mirrored else x
            found.append((int(left), int(y), int(left + w), int(y + h)))
    return found


@cache
def cascade(name: str) -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / f"haarcascade_{name}.xml"))


def on_head(face: np.ndarray, person: np.ndarray) -> bool:
    """Whether the middle of a face lies in the upper quarter of a person's box, or very near it."""
    x, y = (face[0] + face[2]) / 2, (face[1] + face[3]) / 2
    width, height = person[2] - person[0], person[3] - person[1]
    across = person[0] - 0.05 * width <= x <= person[2] + 0.05 * width
    return bool(across and person[1] - 0.03 * height <= y <= person[1] + 0.27 * height)


def judge(folder: Path, find: Callable[[np.ndarray], list[Box]]) -> tuple[int, int, int, float]:
    """Marked faces that were found, all marked, finds on no head that was marked or in doubt, ms a crop."""
    found, marked, false, crops, seconds = 0, 0, 0, 0, 0.0
    for sequence, (shown, doubtful) in FACES.items():
        part = folder / f"MOT17-{sequence}-FRCNN"
        frame = cv2.imread(str(part / "img1" / "000001.jpg"))
        rows = np.loadtxt(part / "gt" / "gt.txt", delimiter=",")
        rows = rows[(rows[:, 0] == 1) & np.isin(rows[:, 7], PEOPLE)]
        boxes = np.concatenate([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]], axis=1)
        people = dict(zip(rows[:, 1].astype(int).tolist(), boxes, strict=True))
        faces: list[np.ndarray] = []
        for x1, y1, x2, y2 in whole_pixels(boxes, frame.shape[1], frame.shape[0]).tolist():
            start = time.process_time()
            here = find(frame[y1:y2, x1:x2])
            seconds += time.process_time() - start
            crops += 1
            faces += [np.add(face, (x1, y1, x1, y1)) for face in here]
        free = list(range(len(faces)))
        for number in sorted(shown):
            mine = [i for i in free if on_head(faces[i], people[number])]
            marked += 1
            if mine:
                found += 1
                middle = (people[number][0] + people[number][2]) / 2
                free.remove(min(mine, key=lambda i: abs((faces[i][0] + faces[i][2]) / 2 - middle)))
        known = [people[number] for number in shown | doubtful]
        false += sum(not any(on_head(faces[i], person) for person in known) for i in free)
    return found, marked, false, 1000 * seconds / crops


def main() -> None:
    cv2.setNumThreads(1)
    folder = Path(sys.argv[1])
    for name, find in (("Haar cascades", by_haar), ("CenterFace", find_faces)):
        judge(folder, find)  # loads and warms
        found, marked, false, ms = judge(folder, find)
        print(f"{name}: {found} of {marked} faces, {false} finds on nobody's face, {ms:.1f} ms a crop")


if __name__ == "__main__":
    main()
