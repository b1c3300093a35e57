"""Detect persons in frames with any ultralytics detector, whose objects become `Detections` here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agreid_cli.errors import InputError
from agreid_cli.vision import vendors
from agreid_cli.vision.detections import Detections


class Detector:
    """An ultralytics network that detects persons.

    weights: a file or folder in any format read by ultralytics (.pt, .onnx, .engine, OpenVINO …).
    classes: names of the classes that count as persons. conf, iou: minimum score, maximum overlap.
    min_px: smaller boxes are dropped. Raises `InputError` if the weights cannot
    be used.
    """

    def __init__(
        self,
        weights: Path,
        *,
        classes: Sequence[str],
        conf: float,
        iou: float,
        min_px: int,
        device: str,
        half: bool,
    ) -> None:
        self._network = _load(weights)
        self._options = {
            "conf": conf,
            "iou": iou,
            "device": device,
            "half": half,
            "classes": _class_ids(self._network.names, classes, weights),
            "verbose": False,
            "save": False,
        }
        self._min_px = min_px

    def detect(self, frames: Sequence[np.ndarray], imgsz: int) -> list[Detections]:
        """The persons in uint8 BGR frames of one size, at network input size `imgsz` (longer side)."""
        with vendors.as_the_user_had_it():
            results = self._network.predict(list(frames), imgsz=imgsz, **self._options)
        found = []
        for frame, result in zip(frames, results, strict=True):
            rows = result.boxes.data.cpu().numpy()
            size = (frame.shape[1], frame.shape[0])
            found.append(Detections.usable(rows[:, :4], rows[:, 4], size, self._min_px))
        return found


def _load(weights: Path) -> Any:
    yolo = vendors.ultralytics().YOLO
    hint = "Give an ultralytics detector, trained (.pt) or exported, e.g. --detector yolo11n.pt."
    if weights.suffix in {".yaml", ".yml"}:
        raise InputError(f"{weights} describes a network but has no weights", hint=hint)
    try:
        with vendors.as_the_user_had_it():
            network = yolo(str(weights))
            if not network.names:
                raise ValueError("it has no class names")
    except Exception as error:  # ultralytics raises many kinds of errors for a bad file: one message for all
        raise InputError(
            f"{weights} cannot be used as detector weights: {_reason(error, weights)}", hint=hint
        ) from error
    if getattr(network, "task", "detect") not in {"detect", "segment", "pose"}:
        raise InputError(f"{weights} is a network for {network.task}, not a detector", hint=hint)
    return network


def _reason(error: Exception, weights: Path) -> str:
    """The first sentence of the vendor's message, which may be very long and repeat the path."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    first = lines[0].removeprefix("ERROR").lstrip(" \u274c\ufe0f")
    return re.split(r"\.\s", re.sub(rf"(model=)?'?{re.escape(str(weights))}'?", "it", first))[0].rstrip(".")


def _class_ids(names: dict[int, str], wanted: Sequence[str], weights: Path) -> list[int]:
    lower = {name.lower() for name in wanted}
    ids = [index for index, name in names.items() if str(name).lower() in lower]
    if not ids:
        known = ", ".join(str(name) for name in list(names.values())[:30])
        raise InputError(
            f"{weights} has no class named {' or '.join(wanted)}; it has: {known}",
            hint="Name its person classes, e.g. --set detector.classes=pedestrian,rider",
        )
    return ids
