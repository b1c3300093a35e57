"""The first picture of a demo: one moment of its film, seen by the drone and by the wall camera."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from agreid_cli.config.synth import SynthConfig
from agreid_cli.records.files import write_bytes
from agreid_cli.stages.campus.synth_work import campus_of, plan_of
from agreid_cli.synth.film.shoot import moment, shoot
from agreid_cli.synth.place.world import PLATFORMS, Pair

HEIGHT, TRIED = 540, 12  # pixels of the picture; frames of the film that are compared


def draw_preview(config: SynthConfig, path: Path) -> None:
    """Write a JPEG of the frame in which most people are in both views; drone left, wall camera right."""
    pair = campus_of(plan_of(config))[0]
    frames = np.linspace(0, pair.frames - 1, num=min(TRIED, pair.frames), dtype=int).tolist()
    best = max(frames, key=lambda frame: min(_visible(pair, name, frame) for name in PLATFORMS))
    views = []
    for platform in PLATFORMS:
        now = moment(pair, platform, best)
        image = shoot(now).image
        views.append(cv2.resize(image, (round(image.shape[1] * HEIGHT / image.shape[0]), HEIGHT)))
    done, data = cv2.imencode(".jpg", np.hstack(views))
    assert done
    write_bytes(path, data.tobytes())


def _visible(pair: Pair, platform: str, frame: int) -> float:
    return float(moment(pair, platform, frame).in_frame.sum())
