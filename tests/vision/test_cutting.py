"""Crops from frames: pixels and quality measures."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.vision.cutting import cut, encode, part_inside, sharpness, whole_pixels
from agreid_cli.vision.detections import Detections, Tracks
from tests.support import tiny


def tracks(*rows: tuple[int, int, tuple[float, float, float, float]]) -> Tracks:
    """(track number, row of the detection, the tracker's own box) each."""
    numbers, detection, state = zip(*rows, strict=True)
    return Tracks(np.array(numbers, np.int32), np.array(detection), np.array(state, np.float32))


def found(*boxes: tuple[float, float, float, float]) -> Detections:
    return Detections(np.array(boxes, np.float32), np.linspace(0.9, 0.5, len(boxes), dtype=np.float32))


def crops(frame: np.ndarray, detections: Detections, linked: Tracks, *, pixelate: bool = False) -> list:
    return cut(frame, detections, linked, jpeg_quality=100, pixelate=pixelate, min_head_px=8)


def pixels(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def test_a_crop_is_cut_from_the_matched_detection_and_not_from_the_tracker_s_box() -> None:
    frame = tiny.draw(tiny.walkers(), 10)
    detections = found((1, 1, 9, 9), (44, 2, 64, 62))
    [crop] = crops(frame, detections, tracks((7, 1, (49.0, 8.0, 70.0, 70.0))))
    assert (crop.track_id, crop.box) == (7, (44, 2, 64, 62))
    assert crop.score == pytest.approx(0.5)
    assert np.abs(pixels(crop.jpeg).astype(int) - frame[2:62, 44:64]).mean() < 8


def test_crops_come_by_track_number_and_say_how_much_of_the_person_is_in_the_frame() -> None:
    frame = tiny.ground()
    detections = found((0, 20, 10, 60), (100, 100, 130, 144))
    out = crops(frame, detections, tracks((9, 0, (-10, 20, 10, 60)), (2, 1, (100, 100, 130, 188))))
    assert [c.track_id for c in out] == [2, 9]
    assert [c.in_frame for c in out] == [0.5, 0.5]


BOX = st.tuples(*[st.floats(0, 60, width=32)] * 4).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
)


@given(st.lists(BOX, min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_whole_pixels_are_those_that_the_box_touches(boxes: list[tuple[float, ...]]) -> None:
    for box, (x1, y1, x2, y2) in zip(boxes, whole_pixels(np.array(boxes, np.float32), 60, 60), strict=True):
        assert 0 <= x1 < x2 <= 60
        assert 0 <= y1 < y2 <= 60
        touched = [i for i in range(60) if i < np.float32(box[2]) and i + 1 > np.float32(box[0])]
        if touched:
            assert (x1, x2) == (touched[0], touched[-1] + 1)


def test_sharpness_falls_with_blur() -> None:
    image = tiny.draw(tiny.walkers(1), 5)[0:70, 20:60]
    blurred = [sharpness(cv2.GaussianBlur(image, (0, 0), s)) for s in (0.5, 1, 2, 4)]
    assert blurred == sorted(blurred, reverse=True)
    assert sharpness(image) > blurred[0]
    assert sharpness(np.full((5, 1, 3), 9, np.uint8)) == 0


@given(BOX)
@settings(max_examples=60, deadline=None)
def test_the_part_inside_is_a_part(box: tuple[float, ...]) -> None:
    assert 0 <= part_inside(np.array(box) - 30, 30, 30) <= 1


def test_pixelating_says_what_was_done_and_hides_the_neighbour_s_head_too() -> None:
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 256, (200, 200, 3), dtype=np.uint8)
    detections = found((20, 20, 100, 190), (60, 100, 140, 199), (150, 10, 158, 20))
    linked = tracks(*[(n + 1, n, tuple(b)) for n, b in enumerate(detections.boxes.tolist())])
    plain, hidden = (crops(frame, detections, linked, pixelate=p) for p in (False, True))
    assert [c.pixelated for c in plain] == ["none"] * 3
    assert [c.pixelated for c in hidden] == ["head", "head", "none"]
    difference = np.abs(pixels(plain[0].jpeg).astype(int) - pixels(hidden[0].jpeg)).mean(2)
    own, neighbour, legs = difference[2:28, 14:66], difference[82:96, 54:78], difference[120:, :38]
    assert own.mean() > 20
    assert neighbour.mean() > 20
    assert legs.max() < 12
    assert [c.sharpness for c in plain] == [c.sharpness for c in hidden]


def test_jpeg_quality_is_the_one_asked_for() -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 32, 3), dtype=np.uint8)
    assert len(encode(image, 30)) < len(encode(image, 95))
    assert encode(image, 95)[:2] == b"\xff\xd8"
