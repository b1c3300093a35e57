"""Tracks that overlap in time and in place: they may be two detections of one person.

Detectors often draw two boxes on a person, the whole body and a part of it, and trackers make two tracks of
them. Seen at the same time, such tracks are not certainly two people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from agreid_cli.metrics.clustering.units import Ints

Boxes = npt.NDArray[np.float64]
#: The part of the smaller box that the larger one covers, in every frame.
COVERED = 0.5


def twins_of(video: Ints, frames: Sequence[Ints], boxes: Sequence[Boxes]) -> Ints:
    """Pairs of tracks of one video that overlap in time, one box at least half within the other throughout.

    frames, boxes: of each track, in order, and x1, y1, x2, y2 (k, 4) of each; empty where they are not known.
    Boxes are compared in all frames of both tracks' common time in which any track of the video has one, and
    interpolated between a track's own frames. Pairs a < b, in order: int64 (m, 2).
    """
    of_video: dict[int, list[int]] = defaultdict(list)
    for at, number in enumerate(video.tolist()):
        if len(frames[at]):
            of_video[number].append(at)
    found = [_of_video(np.array(mine, np.int64), frames, boxes) for mine in of_video.values()]
    pairs = np.concatenate([np.zeros((0, 2), np.int64), *found])
    return np.asarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))], np.int64)


def _of_video(mine: Ints, frames: Sequence[Ints], boxes: Sequence[Boxes]) -> Ints:
    sampled = np.unique(np.concatenate([frames[at] for at in mine]))
    first, last = (np.searchsorted(sampled, [frames[at][end] for at in mine]) for end in (0, -1))
    count = last - first + 1
    who = np.repeat(np.arange(len(mine)), count)
    when = np.arange(len(who)) - np.repeat(np.cumsum(count) - count, count) + first[who]
    box = np.concatenate([_at(sampled[a : b + 1], frames[at], boxes[at])
                          for at, a, b in zip(mine, first, last, strict=True)])  # fmt: skip
    order = np.argsort(when, kind="stable")
    bounds = np.flatnonzero(np.diff(when[order])) + 1
    keys = [_covering(who[rows], box[rows], len(mine)) for rows in np.split(order, bounds)]
    key, seen = np.unique(np.concatenate(keys), return_counts=True)
    a, b = np.divmod(key, len(mine))
    common = np.minimum(last[a], last[b]) - np.maximum(first[a], first[b]) + 1
    found: Ints = np.stack([mine[a], mine[b]], axis=1)[seen == common]
    return found


def _at(wanted: Ints, known: Ints, boxes: Boxes) -> Boxes:
    return np.stack([np.interp(wanted, known, side) for side in boxes.T], axis=1)


def _covering(who: Ints, box: Boxes, n: int) -> Ints:
    """The pairs of one frame, as a × n + b with a < b."""
    low = np.maximum(box[:, None, :2], box[None, :, :2])
    high = np.minimum(box[:, None, 2:], box[None, :, 2:])
    inside = np.maximum(high - low, 0).prod(axis=2)
    area = (box[:, 2:] - box[:, :2]).prod(axis=1)
    covered = inside >= COVERED * np.maximum(np.minimum(area[:, None], area[None, :]), 1e-9)
    i, j = np.nonzero(np.triu(covered, 1))
    a, b = np.minimum(who[i], who[j]), np.maximum(who[i], who[j])
    return np.asarray(a * n + b, np.int64)
