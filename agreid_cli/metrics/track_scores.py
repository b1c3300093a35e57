"""Tracks against ground truth with the three standard families of metrics: HOTA, CLEAR MOT and identity.

The metrics are computed by the library `trackeval` (Luiten et al., "HOTA", IJCV 2021; MOTChallenge's own
program). Ignored ground-truth boxes are handled like MOTChallenge's distractors: they are
matched with the others, and a track's box matched to one of them is neither right nor wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agreid_cli.errors import MissingError
from agreid_cli.records.boxes import box_ious
from agreid_cli.records.mot import MotRows

COMBINED = "COMBINED"


@dataclass(frozen=True)
class TrackScore:
    """One video, or all of them together; ratios 0..1 (MOTA may be negative), None if nothing counts.

    HOTA, DetA, AssA, LocA: means over IoU 0.05 … 0.95. MOTA, recall, precision, IDF1: at IoU `iou`.
    boxes, people: of ground truth that counts. found: scored track boxes; let_off: ignored track boxes.
    """

    video: str
    frames: int
    boxes: int
    people: int
    tracks: int
    found: int
    let_off: int
    HOTA: float | None
    DetA: float | None
    AssA: float | None
    LocA: float | None
    IDF1: float | None
    IDP: float | None
    IDR: float | None
    MOTA: float | None
    recall: float | None
    precision: float | None
    misses: int
    false_boxes: int
    switches: int
    fragments: int
    mostly_tracked: int
    mostly_lost: int


@dataclass(frozen=True)
class _Counted:
    """A video in trackeval's format, and its results; kept until all are combined."""

    data: dict[str, Any]
    let_off: int
    families: tuple[dict[str, Any], ...]


def score_videos(
    videos: Mapping[str, tuple[MotRows, MotRows]], *, iou: float = 0.5
) -> tuple[TrackScore, ...]:
    """A score for each video's (truth, tracks) in order, and last the combined score of all.

    Raises `MissingError` without trackeval.
    """
    metrics = _metrics(iou)
    counted = {name: _count(truth, tracks, metrics, iou) for name, (truth, tracks) in videos.items()}
    scores = [_score(name, [one], [dict(family) for family in one.families]) for name, one in counted.items()]
    together = [
        metric.combine_sequences({name: one.families[at] for name, one in counted.items()})
        for at, metric in enumerate(metrics)
    ]
    return (*scores, _score(COMBINED, list(counted.values()), together))


def matched(ious: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the one-to-one matching with the greatest sum of sufficient overlaps."""
    from scipy.optimize import linear_sum_assignment

    enough = np.where(ious >= least - np.finfo(float).eps, ious, 0.0)
    rows, columns = linear_sum_assignment(-enough)
    good = enough[rows, columns] > 0
    return rows[good], columns[good]


def _metrics(iou: float) -> tuple[Any, Any, Any]:
    try:
        from trackeval.metrics import CLEAR, HOTA, Identity
    except ImportError as error:
        raise MissingError(
            f"trackeval, which is needed for scoring tracks, cannot be imported: {error}",
            hint="Install it with: pip install 'agreid[track-scores]'",
        ) from error
    how = {"THRESHOLD": iou, "PRINT_CONFIG": False}
    return HOTA(), CLEAR(how), Identity(how)


def _count(truth: MotRows, tracks: MotRows, metrics: Sequence[Any], iou: float) -> _Counted:
    frames = int(max([0, *truth.frame, *tracks.frame]))
    of_truth, of_tracks = _by_frame(truth.frame, frames), _by_frame(tracks.frame, frames)
    similarity, kept_truth, kept_tracks = [], [], []
    let_off = 0
    for mine, theirs in zip(of_truth, of_tracks, strict=True):
        ious = box_ious(truth.box[mine], tracks.box[theirs])
        rows, columns = matched(ious, iou)
        off = columns[~truth.counts[mine[rows]]]
        let_off += len(off)
        stay, counts = np.delete(np.arange(len(theirs)), off), truth.counts[mine]
        similarity.append(ious[counts][:, stay])
        kept_truth.append(mine[counts])
        kept_tracks.append(theirs[stay])
    truth_ids, n_truth = _numbered(truth.track, kept_truth)
    track_ids, n_tracks = _numbered(tracks.track, kept_tracks)
    data = {
        "num_timesteps": frames,
        "num_gt_ids": n_truth,
        "num_tracker_ids": n_tracks,
        "num_gt_dets": sum(map(len, kept_truth)),
        "num_tracker_dets": sum(map(len, kept_tracks)),
        "gt_ids": truth_ids,
        "tracker_ids": track_ids,
        "similarity_scores": similarity,
    }
    return _Counted(data, let_off, tuple(metric.eval_sequence(data) for metric in metrics))


def _by_frame(frame: np.ndarray, frames: int) -> list[np.ndarray]:
    """The rows of each frame from 1 to `frames`."""
    order = np.argsort(frame, kind="stable")
    return np.split(order, np.searchsorted(frame[order], np.arange(2, frames + 1))) if frames else []


def _numbered(ids: np.ndarray, rows: Sequence[np.ndarray]) -> tuple[list[np.ndarray], int]:
    """The ids of the rows of each frame, renumbered from 0 without gaps."""
    known = np.unique(ids[np.concatenate(rows)]) if rows else np.array([], int)
    return [np.searchsorted(known, ids[one]) for one in rows], len(known)


def _score(name: str, parts: Sequence[_Counted], families: Sequence[dict[str, Any]]) -> TrackScore:
    def total(key: str) -> int:
        return sum(int(part.data[key]) for part in parts)

    hota, clear, identity = families

    def ratio(value: Any) -> float | None:
        return float(np.mean(value)) if total("num_gt_dets") else None

    return TrackScore(
        video=name,
        frames=total("num_timesteps"),
        boxes=total("num_gt_dets"),
        people=total("num_gt_ids"),
        tracks=total("num_tracker_ids"),
        found=total("num_tracker_dets"),
        let_off=sum(part.let_off for part in parts),
        **{key: ratio(hota[key]) for key in ("HOTA", "DetA", "AssA", "LocA")},
        **{key: ratio(identity[key]) for key in ("IDF1", "IDP", "IDR")},
        MOTA=ratio(clear["MOTA"]),
        recall=ratio(clear["CLR_Re"]),
        precision=ratio(clear["CLR_Pr"]) if total("num_tracker_dets") else None,
        misses=int(clear["CLR_FN"]),
        false_boxes=int(clear["CLR_FP"]),
        switches=int(clear["IDSW"]),
        fragments=int(clear["Frag"]),
        mostly_tracked=int(clear["MT"]),
        mostly_lost=int(clear["ML"]),
    )
