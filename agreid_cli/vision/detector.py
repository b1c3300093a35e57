"""Persons in frames, by any ultralytics detector. Its objects become `Detections` here and go no further."""

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
    """An ultralytics network that finds persons.

    weights: a file or folder in any format that ultralytics reads (.pt, .onnx, .engine, OpenVINO …).
    classes: the class names that count as persons. conf, iou: score floor and overlap ceiling.
    min_px: boxes narrower or lower than this are left out. Raises `InputError` when the weights cannot
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
        """The persons of uint8 BGR frames of one size, at network input size `imgsz` (longer side)."""
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
    hint = "Give a detector of ultralytics, trained (.pt) or exported, as in --detector yolo11n.pt."
    if weights.suffix in {".yaml", ".yml"}:
        raise InputError(f"{weights} describes a network but holds no weights", hint=hint)
    try:
        with vendors.as_the_user_had_it():
            network = yolo(str(weights))
            if not network.names:
                raise ValueError("it names no classes")
    except Exception as error:  # the vendor raises a dozen kinds for a bad file: one sentence for all
        raise InputError(
            f"{weights} cannot be used as detector weights: {_reason(error, weights)}", hint=hint
        ) from error
    if getattr(network, "task", "detect") not in {"detect", "segment", "pose"}:
        raise InputError(f"{weights} is a network for {network.task}, not a detector", hint=hint)
    return network


def _reason(error: Exception, weights: Path) -> str:
    """The first sentence of what the vendor says, which may run over a screen and repeat the path."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    first = lines[0].removeprefix("ERROR").lstrip(" \u274c\ufe0f")
    return re.split(r"\.\s", re.sub(rf"(model=)?'?{re.escape(str(weights))}'?", "it", first))[0].rstrip(".")


def _class_ids(names: dict[int, str], wanted: Sequence[str], weights: Path) -> list[int]:
    lower = {name.lower() for name in wanted}
    ids = [index for index, name in names.items() if str(name).lower() in lower]
    if not ids:
        known = ", ".join(str(name) for name in list(names.values())[:30])
        raise InputError(
            f"{weights} knows no class named {' or '.join(wanted)}; it knows: {known}",
            hint="Name its person classes, as in --set detector.classes=pedestrian,rider",
        )
    return ids
