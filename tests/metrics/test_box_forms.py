"""Boxes written as corners or centres are recognised by the true boxes they meet, and read when asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.metrics.box_forms import covered, fit_of, look_like_corners
from agreid_cli.records.mot import FORMS, MotRows, corners_of


def walkers(seed: int, *, frames: int = 40, people: int = 4) -> MotRows:
    """People 30 to 60 pixels wide and 80 to 160 high who walk through a frame of 1920 × 1080."""
    rng = np.random.default_rng(seed)
    start, speed = rng.uniform((0, 0), (1200, 700), (people, 2)), rng.uniform(-4, 12, (people, 2))
    size = rng.uniform((30, 80), (60, 160), (people, 2))
    frame, who = np.divmod(np.arange(frames * people), people)
    low = start[who] + speed[who] * frame[:, None]
    box = np.concatenate([low, low + size[who]], axis=1)
    return MotRows(frame + 1, who, box, np.ones(len(frame), bool))


def written(rows: MotRows, form: str) -> np.ndarray:
    """The four numbers of each box, the slow and obvious way."""
    lines = []
    for x1, y1, x2, y2 in rows.box:
        w, h = x2 - x1, y2 - y1
        lines.append(
            {"ltwh": (x1, y1, w, h), "ltrb": (x1, y1, x2, y2), "lthw": (x1, y1, h, w),
             "cxcywh": (x1 + w / 2, y1 + h / 2, w, h)}[form]
        )  # fmt: skip
    return np.array(lines)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), form=st.sampled_from(list(FORMS)), read_as=st.sampled_from(list(FORMS)))
def test_the_form_in_which_the_tracks_are_written_is_found(seed: int, form: str, read_as: str) -> None:
    truth = walkers(seed)
    numbers = written(truth, form)
    np.testing.assert_allclose(corners_of(numbers, form), truth.box)
    tracks = MotRows(truth.frame, truth.track, corners_of(numbers, read_as), truth.counts)
    fit = fit_of(truth, tracks, read_as, 0.5)
    assert fit.best == 1
    if form == read_as:
        assert (fit.as_read, fit.other, fit.is_other) == (1, form, False)
    elif fit.as_read < 0.5:
        assert (fit.other, fit.is_other) == (form, True)


def test_a_bad_tracker_is_not_taken_for_another_form() -> None:
    truth = walkers(1)
    tracks = MotRows(truth.frame, truth.track, truth.box + 500, truth.counts)
    assert not fit_of(truth, tracks, "ltwh", 0.5).is_other


@pytest.mark.parametrize("seed", range(5))
def test_corners_are_told_by_their_numbers_alone(seed: int) -> None:
    truth = walkers(seed)
    assert not look_like_corners(truth)
    as_corners = MotRows(truth.frame, truth.track, corners_of(truth.box, "ltwh"), truth.counts)
    assert look_like_corners(as_corners)


def test_frames_without_a_track_are_counted() -> None:
    truth = walkers(1)
    some = truth.frame % 10 == 1
    tracks = MotRows(truth.frame[some], truth.track[some], truth.box[some], truth.counts[some])
    assert covered(truth, tracks) == (4, 40)
    assert fit_of(truth, tracks, "ltwh", 0.5).as_read == 1, "frames without tracks say nothing of the form"
