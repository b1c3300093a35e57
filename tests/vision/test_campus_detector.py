"""The shipped detector on people of a campus that it has not seen."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.metrics.track_scores import matched
from agreid_cli.records.boxes import box_ious
from agreid_cli.synth.film.shoot import moment, shoot
from agreid_cli.synth.film.truth import sights
from agreid_cli.synth.place.world import Plan, make_campus
from agreid_cli.vision.detector import Detector
from agreid_cli.vision.imgsz import auto_imgsz
from agreid_cli.vision.weights import find_weights


@pytest.fixture(scope="module")
def detector() -> Detector:
    weights = find_weights("campus", folders=[], download=False)
    return Detector(weights, classes=("person",), conf=0.25, iou=0.7, min_px=8, device="cpu", half=False)


@pytest.mark.parametrize(("platform", "size"), [("uav", 0.25), ("cctv", 0.5)])
def test_it_finds_most_people_and_little_else(detector: Detector, platform: str, size: float) -> None:
    (pair,) = make_campus(Plan(identities=8, pairs=1, seconds=4.0, size=size, fps=2, seed=31))
    people = hit = boxes = right = 0
    for frame in (2, 5):
        now = moment(pair, platform, frame)
        shot = shoot(now, (0, 0, now.camera.width, now.camera.height))
        (found,) = detector.detect([shot.image], auto_imgsz(now.camera.width, now.camera.height))
        there = sights(now, shot)
        truth = np.array([one.seen for one in there]).reshape(-1, 4)
        clear = np.array([one.in_frame * one.visible >= 0.5 for one in there], bool)
        rows, columns = matched(box_ious(truth, found.boxes), 0.5)
        people, hit = people + int(clear.sum()), hit + int(clear[rows].sum())
        boxes, right = boxes + len(found), right + len(columns)
    assert people >= 4
    assert hit / people > 0.5
    assert right / boxes > 0.6
