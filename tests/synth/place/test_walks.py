"""Walking paths."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.synth.place.walks import APART_M, far_enough, make_walk

STOPS = [(-10.0, 0.0), (-5.0, 1.0), (0.0, 0.0), (5.0, -1.0), (10.0, 0.0)]


def test_the_pace_is_kept_and_the_middle_is_reached_in_time() -> None:
    walk = make_walk(STOPS, speed=1.25, halt_s=0, meet_s=7.0, around=[])
    middle = walk.at(7.0)
    assert middle is not None
    assert np.hypot(middle.x, middle.y) < 0.5
    assert middle.speed == pytest.approx(1.25, abs=0.1)
    first, last = walk.at(walk.start_s), walk.at(walk.end_s)
    assert first is not None
    assert last is not None
    assert last.distance_m - first.distance_m == pytest.approx(20.4, abs=1.0)
    assert walk.at(walk.start_s - 0.01) is None
    assert walk.at(walk.end_s + 0.01) is None


def test_who_halts_stands_still_and_keeps_looking_ahead() -> None:
    walk = make_walk(STOPS, speed=1.2, halt_s=4, meet_s=7.0, around=[])
    standing = [walk.at(t) for t in (8.0, 9.0, 10.0)]
    assert all(s is not None and s.speed < 0.05 for s in standing)
    assert {round(s.distance_m, 2) for s in standing if s} == {round(standing[0].distance_m, 2)}  # type: ignore[union-attr]
    assert abs(standing[1].heading_rad) < 0.6  # type: ignore[union-attr]


def test_obstacles_are_walked_round() -> None:
    walk = make_walk(STOPS, speed=1.2, halt_s=0, meet_s=7.0, around=[(2.0, -0.3, 1.0)])
    assert np.linalg.norm(walk.points - [2.0, -0.3], axis=1).min() > 1.0
    free = make_walk(STOPS, speed=1.2, halt_s=0, meet_s=7.0, around=[])
    assert np.linalg.norm(free.points - [2.0, -0.3], axis=1).min() < 1.0


def test_companions_keep_apart_and_collisions_are_seen() -> None:
    walk = make_walk(STOPS, speed=1.2, halt_s=0, meet_s=7.0, around=[])
    assert far_enough(walk.beside(0.75), [walk])
    assert not far_enough(walk.beside(APART_M / 2), [walk])
    assert not far_enough(make_walk(STOPS[::-1], speed=1.2, halt_s=0, meet_s=7.0, around=[]), [walk])
    assert far_enough(make_walk(STOPS[::-1], speed=1.2, halt_s=0, meet_s=99.0, around=[]), [walk])
