"""The renderer: a window equals that part of the frame, and the ground truth matches the image."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.synth.draw.camera import look_at
from agreid_cli.synth.draw.light import Light
from agreid_cli.synth.film.render import render
from agreid_cli.synth.people import parts
from agreid_cli.synth.place.ground import Ground
from agreid_cli.synth.place.occluders import Occluder
from agreid_cli.synth.place.scene import Placed, Scene
from tests.synth.someone import facing, someone

GROUND = Ground(1)
PEOPLE = (
    Placed(7, someone(1, bag="Backpack"), 0.0, 0.0, 0.4, 0.1, 1.3),
    Placed(9, someone(2, gender="Female", hairstyle="Long"), 1.0, 1.0, 2.0, 0.6, 1.2),
)
THINGS = (Occluder("tree", -3.0, 2.5), Occluder("bench", 1.5, -1.5, 0.4), Occluder("lamp", 2.0, 2.0))
SCENE = Scene(PEOPLE, GROUND, THINGS)
CAMERA = look_at(np.array([9.0, 2.0, 5.0]), np.array([0.0, 0.0, 0.9]), focal_px=320.0, size=(160, 120))
LOW = look_at(
    np.array([9.0, 2.0, 3.0]), np.array([0.0, 0.0, 1.6]), focal_px=140.0, size=(160, 120), roll_rad=0.05
)


@pytest.mark.parametrize("supersample", [1, 2, 3])
@pytest.mark.parametrize("camera", [CAMERA, LOW], ids=["from above", "with the horizon, rolled"])
def test_a_window_is_the_same_rectangle_of_the_frame(camera, supersample: int) -> None:
    whole = render(SCENE, camera, supersample=supersample)
    assert (whole.owner >= 0).sum() > 150
    for x0, y0, x1, y1 in ((0, 0, 80, 120), (61, 33, 97, 90), (75, 40, 76, 41), (3, 1, 160, 117)):
        piece = render(SCENE, camera, (x0, y0, x1, y1), supersample=supersample)
        for name in ("image", "owner", "part", "depth"):
            np.testing.assert_array_equal(
                getattr(piece, name), getattr(whole, name)[y0:y1, x0:x1], err_msg=name
            )


def test_the_same_scene_is_the_same_picture() -> None:
    np.testing.assert_array_equal(render(SCENE, CAMERA).image, render(SCENE, CAMERA).image)


def test_people_stand_where_the_camera_projects_them() -> None:
    seen = render(Scene(PEOPLE, GROUND), CAMERA)
    assert ((seen.part == parts.BACKGROUND) == (seen.owner < 0)).all()
    assert (np.isfinite(seen.depth) == (seen.owner >= 0)).all()
    for index, person in enumerate(PEOPLE):
        rows, columns = np.nonzero(seen.owner == index)
        ends = np.array([[person.x, person.y, 0.0], [person.x, person.y, person.look.height_m]])
        pixels, depth = CAMERA.project(ends)
        assert rows.max() == pytest.approx(pixels[0, 1], abs=6)
        assert rows.min() == pytest.approx(pixels[1, 1], abs=6)
        assert columns.mean() == pytest.approx(pixels[:, 0].mean(), abs=5)
        assert np.median(seen.depth[seen.owner == index]) == pytest.approx(depth.mean(), abs=0.4)
        assert {parts.HAIR, parts.TORSO, parts.LEGS, parts.FEET} <= set(seen.part[seen.owner == index])


def test_parts_lie_in_the_order_of_a_body() -> None:
    person = Placed(1, someone(1), 0.0, 0.0, 0.0, 0.1, 1.3)
    seen = render(Scene((person,), GROUND), facing())
    middles = [np.nonzero(seen.part == part)[0].mean() for part in
               (parts.HAIR, parts.EYES, parts.JAW, parts.TORSO, parts.LEGS, parts.FEET)]  # fmt: skip
    assert middles == sorted(middles)


def test_the_nearer_of_two_hides_the_other() -> None:
    behind = Placed(1, someone(1), 0.0, 0.0, 0.0, 0.1, 1.3)
    ahead = Placed(2, someone(2, weight="Fat"), 1.5, 0.0, 0.0, 0.1, 1.3)
    alone = render(Scene((behind,), GROUND), facing(high_m=1.2))
    for order in ((behind, ahead), (ahead, behind)):
        both = render(Scene(order, GROUND), facing(high_m=1.2))
        owner = order.index(behind)
        assert 0 < (both.owner == owner).sum() < 0.5 * (alone.owner == 0).sum()


def test_a_wall_hides_legs_and_belongs_to_nobody() -> None:
    person = Placed(1, someone(1), 0.0, 0.0, 0.0, 0.1, 1.3)
    free = render(Scene((person,), GROUND), facing())
    hidden = render(Scene((person,), GROUND, (Occluder("wall", 1.0, 0.0),)), facing())
    assert (free.part == parts.FEET).any()
    assert not (hidden.part == parts.FEET).any()
    assert (hidden.part == parts.HEAD).any()
    wall = np.isfinite(hidden.depth) & (hidden.owner < 0)
    assert wall.sum() > 500
    assert (hidden.part[wall] == parts.BACKGROUND).all()


@pytest.mark.parametrize("azimuth", [0.3, 1.8, 4.0])
def test_a_shadow_lies_away_from_the_sun(azimuth: float) -> None:
    camera = look_at(np.array([0.0, -0.01, 20.0]), np.zeros(3), focal_px=400.0, size=(160, 160))
    light = Light(azimuth_rad=azimuth, elevation_rad=0.7, cloud=0.0)
    person = Placed(1, someone(1), 0.0, 0.0, 0.0, 0.1, 1.3)
    empty = render(Scene((), GROUND, (), light), camera).image.astype(int)
    seen = render(Scene((person,), GROUND, (), light), camera)
    darker = (empty.sum(-1) - seen.image.astype(int).sum(-1) > 60) & (seen.owner < 0)
    rows, columns = np.nonzero(darker)
    assert len(rows) > 60
    away = np.array([columns.mean() - 80, 80 - rows.mean()])
    assert away @ np.array([np.cos(azimuth), np.sin(azimuth)]) / np.linalg.norm(away) < -0.9


def test_shade_and_cloud_darken_a_person() -> None:
    light = Light(azimuth_rad=0.0, elevation_rad=0.8, cloud=0.0)
    person = Placed(1, someone(1, upper="Naked"), 0.0, 0.0, 0.0, 0.1, 1.3)
    lit = render(Scene((person,), GROUND, (), light), facing())
    tree = Occluder("tree", 4.2, 0.0)  # its crown stands between the person and the sun
    shaded = render(Scene((person,), GROUND, (tree,), light), facing(distance_m=3.0, high_m=1.2))
    assert shaded.image[shaded.owner == 0].mean() < 0.85 * lit.image[lit.owner == 0].mean()


def test_smoothing_changes_edges_only_a_little() -> None:
    rough, fine = (render(SCENE, CAMERA, supersample=s).image.astype(int) for s in (1, 3))
    assert np.abs(rough - fine).mean() < 6
    assert (rough != fine).any()
