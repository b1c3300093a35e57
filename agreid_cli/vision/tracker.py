"""Link persons across frames with any boxmot tracker, whose objects become `Tracks` here.

boxmot has two sets of defaults that differ threefold in the number of tracks, so every parameter is
resolved and passed here, and can be read from `parameters` for the record.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from agreid_cli.errors import InputError, UsageError, did_you_mean
from agreid_cli.vision import vendors
from agreid_cli.vision.detections import Detections, Tracks
from agreid_cli.vision.embedders import Embed

Option = float | int | str | bool

#: tracker → our defaults, overriding boxmot's; another boxmot tracker is one more line.
TRACKERS: dict[str, dict[str, Option]] = {
    "strongsort": {
        "min_conf": 0.1,
        "max_iou_dist": 0.7,
        "n_init": 3,
        "nn_budget": 100,
        "mc_lambda": 0.98,
        "ema_alpha": 0.9,
        "max_age": 60,
    },
    "botsort": {},
    "bytetrack": {},
    "boosttrack": {},
    "deepocsort": {},
    "hybridsort": {},
    "occluboost": {},
    "ocsort": {},
    "sfsort": {},
}


#: Trackers other than boxmot's: name → "module:attribute" of a class with the constructor of `BoxmotTracker`.
OTHER_TRACKERS: dict[str, str] = {}


class Tracker(Protocol):
    """A tracker for one video. parameters: all of its parameters, for the record."""

    uses_embeddings: bool
    parameters: dict[str, Any]

    def update(self, detections: Detections, embeddings: np.ndarray | None, frame: np.ndarray) -> Tracks:
        """Advance by one frame; every frame must be given, in order."""


def tracker_of(name: str, **how: Any) -> Tracker:
    """The tracker with this name; `how`: keywords of `BoxmotTracker`. `UsageError` for an unknown name."""
    if name not in OTHER_TRACKERS:
        return BoxmotTracker(name, **how)
    module, _, attribute = OTHER_TRACKERS[name].partition(":")
    tracker: Tracker = getattr(importlib.import_module(module), attribute)(name, **how)
    return tracker


def rehearse(tracker: Tracker, name: str, embed: Embed) -> None:
    """Track one box through two black frames, because some options fail only then.

    The tracker cannot be used afterwards. Raises `InputError`.
    """
    frame = np.zeros((64, 64, 3), np.uint8)
    person = Detections(np.array([[8, 8, 24, 56]], np.float32), np.array([0.9], np.float32))
    try:
        for _ in range(2):
            tracker.update(person, embed(person.boxes, frame), frame)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} cannot work with its options: {error}") from error


class BoxmotTracker:
    """A boxmot tracker for one video.

    name: a key of `TRACKERS`. options: overrides of its parameters. same_person: maximum
    cosine distance between two embeddings of one person (StrongSORT's max_cos_dist). motion: the estimator of
    camera motion: `sof`, sparse optical flow (translation, rotation, scale), or `ecc` (translation only).
    motion_px: longer side of the frame it works on; 0 switches it off. Raises `UsageError` for an unknown
    name or option.
    """

    def __init__(
        self,
        name: str,
        *,
        options: Mapping[str, Option],
        same_person: float,
        frame_size: tuple[int, int],
        motion_px: int,
        motion: str = "sof",
        motion_iterations: int = 100,
    ) -> None:
        if name not in TRACKERS:
            raise UsageError(f"unknown tracker '{name}'{did_you_mean(name, (*TRACKERS, *OTHER_TRACKERS))}")
        vendors.boxmot()
        from boxmot.trackers import TrackerSpec, create_tracker
        from boxmot.trackers.config import load_tracker_config

        known = load_tracker_config(name, None, {})
        for option in options:
            if option not in known:
                raise UsageError(f"{name} has no option '{option}'{did_you_mean(option, known)}")
            if isinstance(known[option], int | float) and not isinstance(options[option], int | float):
                raise UsageError(f"option '{option}' of {name} must be a number, not {options[option]!r}")
        appearance = {"max_cos_dist": same_person} if "max_cos_dist" in known else {}
        self.parameters: dict[str, Any] = {**known, **TRACKERS[name], **appearance, **options}
        try:
            self.boxmot = create_tracker(TrackerSpec(name=name, options=_passed(self.parameters, options)))
        except (TypeError, ValueError) as error:
            raise InputError(f"{name} refuses its options: {error}") from error
        self.uses_embeddings: bool = self.boxmot.requirements.embeddings
        self._frame = 0
        self._camera_motion(motion, frame_size, motion_px, motion_iterations)

    def update(self, detections: Detections, embeddings: np.ndarray | None, frame: np.ndarray) -> Tracks:
        """Advance by one frame (uint8 BGR); `Tracks.detection` indexes the rows of `detections`.

        embeddings: float32 (n, D), row for row with `detections`, when `uses_embeddings`.
        """
        # For a frame without persons an embedder may not know its output width, and boxmot would fail.
        packed = self._packed(detections, embeddings if self.uses_embeddings and len(detections) else None)
        with vendors.outside_ci():
            found = self.boxmot.update(packed, frame)
        self._frame += 1
        return Tracks(
            track_ids=found.track_ids.numpy().astype(np.int32) + 1,  # boxmot counts from 0, MOT from 1
            detection=found.detection_indices.numpy().astype(np.int64),
            state_boxes=found.geometry.values.numpy().astype(np.float32),
        )

    def _packed(self, detections: Detections, embeddings: np.ndarray | None) -> Any:
        import torch
        from boxmot.structures import Boxes
        from boxmot.structures import Detections as Packed

        return Packed(
            geometry=Boxes(torch.from_numpy(np.ascontiguousarray(detections.boxes, np.float32))),
            scores=torch.from_numpy(np.ascontiguousarray(detections.scores, np.float32)),
            class_ids=torch.zeros(len(detections), dtype=torch.int64),
            sample_id=str(self._frame),
            embeddings=None
            if embeddings is None
            else torch.from_numpy(np.ascontiguousarray(embeddings, np.float32)),
        )

    def _camera_motion(self, way: str, frame_size: tuple[int, int], motion_px: int, iterations: int) -> None:
        if not hasattr(self.boxmot, "cmc"):
            self.parameters["camera_motion"] = "none"
            return
        if not motion_px:
            self.boxmot.cmc = None
            self.parameters["camera_motion"] = "off"
            return
        from boxmot.trackers.common.motion.cmc import create_cmc

        scale = min(1.0, motion_px / max(frame_size))
        ecc = way == "ecc"
        self.boxmot.cmc = create_cmc(way, scale=scale, **({"max_iter": iterations} if ecc else {}))
        limit = f", at most {iterations} iterations" if ecc else ""
        self.parameters["camera_motion"] = f"{way} at scale {scale:.6g}{limit}"


def _passed(parameters: Mapping[str, Any], options: Mapping[str, Option]) -> tuple[tuple[str, Any], ...]:
    """The parameters passed to boxmot: all except those with capitals, which it does not accept."""
    for name in options:
        if name != name.lower():
            raise UsageError(f"boxmot does not allow changing its option '{name}'")
    return tuple(sorted((k, v) for k, v in parameters.items() if k == k.lower()))
