"""`metrics.jsonl` of a run as curves: losses, validation scores, learning rate, speed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agreid_cli.records.training_log import read_log

Curve = tuple[tuple[float, float], ...]  # (epoch, value)


@dataclass(frozen=True)
class TrainingLog:
    """Curves over epochs; `losses` by name, `evaluations` by (direction, metric)."""

    epochs: int
    steps: int
    seconds: float
    images_per_s: float | None  # median over the epochs
    wait_share: float | None
    losses: dict[str, Curve]
    rate: Curve
    evaluations: dict[tuple[str, str], Curve]


def curves_of(path: Path, timing: Path | None = None) -> TrainingLog | None:
    """None if there is no log or it is empty. timing: the file with the durations, if available.

    An epoch that was repeated after an interruption may occur twice; its last line counts.
    """
    epochs: dict[int, dict[str, Any]] = {}
    scores: dict[tuple[int, str], dict[str, Any]] = {}
    for line in read_log(path):
        if line.get("kind") == "epoch":
            epochs[int(line["epoch"])] = line
        elif line.get("kind") == "eval":
            scores[int(line["epoch"]), str(line.get("direction", ""))] = line
    for line in read_log(timing) if timing else []:
        if (epoch := line.get("epoch")) in epochs:
            epochs[epoch] = line | epochs[epoch]
    return _log(epochs, scores) if epochs or scores else None


def _log(epochs: dict[int, dict[str, Any]], scores: dict[tuple[int, str], dict[str, Any]]) -> TrainingLog:
    losses: dict[str, list[tuple[float, float]]] = {}
    evaluations: dict[tuple[str, str], list[tuple[float, float]]] = {}
    rate = [(float(e), float(entry["lr"])) for e, entry in sorted(epochs.items()) if _finite(entry.get("lr"))]
    for epoch, entry in sorted(epochs.items()):
        for name, value in (entry.get("losses") or {}).items():
            if _finite(value):
                losses.setdefault(str(name), []).append((epoch, float(value)))
    for (epoch, direction), entry in sorted(scores.items()):
        for name in ("mAP", "rank1"):
            if _finite(entry.get(name)):
                evaluations.setdefault((direction, name), []).append((epoch, float(entry[name])))
    return TrainingLog(
        epochs=len(epochs),
        steps=max((int(entry.get("step") or 0) for entry in epochs.values()), default=0),
        seconds=sum(_values(epochs, "seconds")),
        images_per_s=_middle(_values(epochs, "images_per_s")),
        wait_share=_middle(_values(epochs, "wait_share")),
        losses={name: tuple(curve) for name, curve in losses.items()},
        rate=tuple(rate),
        evaluations={key: tuple(curve) for key, curve in evaluations.items()},
    )


def _values(epochs: dict[int, dict[str, Any]], name: str) -> list[float]:
    return [float(entry[name]) for entry in epochs.values() if _finite(entry.get(name))]


def _middle(values: list[float]) -> float | None:
    return sorted(values)[len(values) // 2] if values else None


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
