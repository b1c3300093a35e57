"""Twins against pairs of frames compared one by one, and what they change."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.metrics.clustering.twins import twins_of
from agreid_cli.metrics.clustering.units import Units


def moving(frames: list[int], x: float, width: float = 10.0, speed: float = 1.0) -> tuple[np.ndarray, ...]:
    at = np.array(frames, np.int64)
    left = x + speed * at
    return at, np.stack([left, 0 * left, left + width, 0 * left + 20], axis=1)


def found(*tracks: tuple[np.ndarray, ...], video: tuple[int, ...] = ()) -> list[list[int]]:
    frames, boxes = zip(*tracks, strict=True)
    return twins_of(np.array(video or (0,) * len(tracks)), frames, boxes).tolist()


def test_boxes_that_cover_each_other_throughout() -> None:
    one = moving([0, 10, 20, 30], 0)
    assert found(one, moving([10, 20], 4)) == [[0, 1]]
    assert found(one, moving([10, 20], 6)) == []  # four tenths
    assert found(one, moving([10, 20], 4, width=4)) == [[0, 1]]  # a part of the body
    assert found(one, moving([10, 20], 4), video=(0, 1)) == []
    assert found(one, moving([40, 50], 0)) == []  # not at the same time
    # In one of the common frames it is elsewhere.
    assert found(one, moving([10, 20, 30], -30, speed=2.9)) == []
    assert found(one, (np.zeros(0, np.int64), np.zeros((0, 4)))) == []
    assert twins_of(np.zeros(0, np.int64), [], []).shape == (0, 2)


def test_boxes_between_a_tracks_frames_are_interpolated() -> None:
    assert found(moving([0, 20], 0), moving([10], 2)) == [[0, 1]]
    assert found(moving([0, 20], 0), moving([10], 9)) == []


@pytest.mark.parametrize("seed", range(6))
def test_drawn_tracks_are_compared_as_frame_by_frame(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tracks, video = [], rng.integers(0, 2, 12)
    for _ in video:
        first, n = int(rng.integers(0, 6)), int(rng.integers(1, 6))
        frames = list(range(first, first + n))
        tracks.append(moving(frames, rng.uniform(0, 8), rng.uniform(2, 10), rng.uniform(-1, 1)))
    expected = []
    for a in range(12):
        for b in range(a + 1, 12):
            (fa, ba), (fb, bb) = tracks[a], tracks[b]
            common = sorted(set(fa.tolist()) & set(fb.tolist()))
            good = bool(common) and video[a] == video[b]
            for frame in common:
                p, q = ba[fa == frame][0], bb[fb == frame][0]
                width = min(p[2], q[2]) - max(p[0], q[0])
                good &= bool(width * 20 >= 0.5 * 20 * min(p[2] - p[0], q[2] - q[0]))
            if good:
                expected.append([a, b])
    assert found(*tracks, video=tuple(video.tolist())) == expected


def test_twins_are_not_apart() -> None:
    vectors, zeros = np.eye(3, dtype=np.float32), np.zeros(3, np.int64)
    units = Units(vectors, zeros, zeros, np.zeros(3), np.ones(3), None, np.array([[0, 2]]))
    rows = np.arange(3)
    expected = [[False, True, False], [True, False, True], [False, True, False]]
    assert units.apart(rows, rows).tolist() == expected
    assert units.overlapping(np.array([0, 2, 1]), np.array([2, 0, 2])).tolist() == [False, False, True]
    some = units.take(np.array([0, 2]))
    assert some.apart(np.arange(2), np.arange(2)).tolist() == [[False, False], [False, False]]
    assert len(units.take(np.array([1, 2])).twins) == 0
