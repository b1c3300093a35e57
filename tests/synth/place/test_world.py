"""The campus: reproducible, seen by both cameras, and the same in a window as in the whole frame."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.synth.draw.sensor import MARGIN, aligned
from agreid_cli.synth.film.shoot import moment, shoot
from agreid_cli.synth.film.truth import cuts, mot_line, part_map, sights, track_row
from agreid_cli.synth.place.flight import ALTITUDES_M
from agreid_cli.synth.place.walks import APART_M
from agreid_cli.synth.place.world import (
    MOST_PAIRS,
    CampusPairs,
    Pair,
    Plan,
    list_of_days,
    make_campus,
    session_name,
)

PLAN = Plan(identities=14, pairs=3, seconds=8.0, size=0.15, fps=10, seed=5)


@pytest.fixture(scope="module")
def campus() -> CampusPairs:
    return make_campus(PLAN)


def test_everybody_walks_in_one_session_and_sessions_differ(campus: CampusPairs) -> None:
    assert [len(pair.people) for pair in campus] == [5, 5, 4]
    assert len({pair.session for pair in campus}) == 3
    assert [pair.altitude for pair in campus] == [0, 1, 2]
    assert len({pair.light for pair in campus}) == 3
    assert len({pair.sensors["cctv"] for pair in campus}) == 3
    assert len({person.look.height_m for pair in campus for person in pair.people}) == 14


def test_no_two_pairs_of_videos_have_the_same_name() -> None:
    days = list_of_days(np.random.default_rng(0))
    names = {(session_name(number, days), number % 3) for number in range(MOST_PAIRS)}
    assert len(names) == MOST_PAIRS
    assert all(name[:4] in days and len(name) == 5 for name, _ in names)


def test_a_pair_is_the_same_whichever_was_drawn_before(campus: CampusPairs) -> None:
    again = make_campus(PLAN)
    assert again.empty(2).session == campus[2].session
    assert again.empty(2).people == ()
    assert again[-1].placed(3.3) == campus[2].placed(3.3)
    assert [pair.number for pair in again] == [pair.number for pair in again[:]] == [0, 1, 2]
    with pytest.raises(IndexError):
        again[3]


def test_the_seed_decides_all(campus: CampusPairs) -> None:
    again = make_campus(PLAN)
    for one, two in zip(campus, again, strict=True):
        assert one.placed(3.3) == two.placed(3.3)
        assert (one.camera("uav", 2.2).t == two.camera("uav", 2.2).t).all()
    other = make_campus(Plan(**{**PLAN.__dict__, "seed": 6}))
    assert other[0].placed(3.3) != campus[0].placed(3.3)


@pytest.mark.parametrize("platform", ["uav", "cctv"])
def test_both_cameras_see_everybody(campus: CampusPairs, platform: str) -> None:
    for pair in campus:
        seen = set()
        for frame in range(0, pair.frames, 5):
            now = moment(pair, platform, frame)
            seen |= {now.people[at].pid for at in np.flatnonzero(now.in_frame > 0.9)}
        assert seen == set(range(len(pair.people)))


def test_the_drone_holds_its_height_and_moves_and_the_wall_camera_stands(campus: CampusPairs) -> None:
    for pair in campus:
        eyes = np.array([pair.camera("uav", t).centre for t in np.linspace(0, 8, 30)])
        assert np.abs(eyes[:, 2] - ALTITUDES_M[pair.altitude]).max() < 1.6
        assert np.ptp(eyes[:, :2], axis=0).max() > 0.2
        assert (pair.camera("cctv", 0).t == pair.camera("cctv", 8).t).all()


def test_nobody_walks_through_anybody(campus: CampusPairs) -> None:
    closest = min(
        np.hypot(a.x - b.x, a.y - b.y)
        for pair in campus
        for t in np.arange(0, 8, 0.3)
        for people in [pair.placed(float(t))]
        for i, a in enumerate(people)
        for b in people[:i]
    )
    assert closest > APART_M - 0.05


def busiest(pair: Pair, platform: str) -> int:
    return max(range(0, pair.frames, 5), key=lambda f: (moment(pair, platform, f).in_frame > 0.95).sum())


@pytest.mark.parametrize("platform", ["uav", "cctv"])
def test_a_crop_is_that_part_of_the_frame_with_the_truth_of_its_pixels(
    campus: CampusPairs, platform: str
) -> None:
    pair = campus[1]
    now = moment(pair, platform, busiest(pair, platform))
    frame = shoot(now)
    found = cuts(now, least_height=6)
    assert len(found) >= 2
    for cut in found:
        x1, y1, x2, y2 = cut.box
        assert (frame.image[y1:y2, x1:x2] == cut.image).all()
        own = np.where(frame.owner[y1:y2, x1:x2] == cut.sight.index, frame.part[y1:y2, x1:x2], 0)
        assert (own == cut.part).all()
        assert cut.part.any()
        assert 0 < cut.score <= 1
    by_index = {one.index: one for one in sights(now, frame)}
    assert all(by_index[cut.sight.index] == cut.sight for cut in found)


def test_boxes_hold_the_pixels_of_their_person(campus: CampusPairs) -> None:
    pair = campus[0]
    now = moment(pair, "uav", busiest(pair, "uav"))
    frame = shoot(now)
    for one in sights(now, frame):
        box, seen = np.array(one.box), np.array(one.seen)
        if one.in_frame == 1:
            assert (seen[:2] >= box[:2] - 1.5).all()
            assert (seen[2:] <= box[2:] + 1.5).all()
        row = track_row(now, one, "v", 7)
        assert (row["track_id"], row["pid"]) == (now.people[one.index].pid + 1, 7)
        assert mot_line(now, one).startswith(f"{now.frame + 1},{one.track_id},{one.box[0]:.2f},")
    numbers, parts = np.divmod(part_map(frame, 16), 16)
    assert (parts == np.where(frame.owner >= 0, frame.part, 0)).all()
    assert set(np.unique(numbers)) - {0} == {one.track_id for one in sights(now, frame)}


def test_a_window_is_the_same_as_in_the_frame(campus: CampusPairs) -> None:
    now = moment(campus[2], "uav", 20)
    window = aligned((230, 120, 300, 200), now.camera.width, now.camera.height, margin=32)
    x0, y0, x1, y1 = window
    inner = np.s_[MARGIN:-MARGIN, MARGIN:-MARGIN]
    assert (shoot(now).image[y0:y1, x0:x1][inner] == shoot(now, window).image[inner]).all()
