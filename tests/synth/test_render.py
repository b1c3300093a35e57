"""The renderer: a window is the frame's own pixels, and truth lies where the picture says."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.synth import parts
from agreid_cli.synth.camera import look_at
from agreid_cli.synth.ground import Ground
from agreid_cli.synth.look import make_look
from agreid_cli.synth.render import render
from agreid_cli.synth.scene import Placed, Scene


def two_people() -> Scene:
    looks = [
        make_look({"gender": "Male", "upper": "T-shirt", "lower": "Jeans"}, np.random.default_rng(seed))
        for seed in (1, 2)
    ]
    return Scene(
        (Placed(7, looks[0], 0.0, 0.0, 0.4, 0.1, 1.3), Placed(9, looks[1], 1.0, 1.0, 2.0, 0.6, 1.2)),
        Ground(1),
    )


CAMERA = look_at(np.array([9.0, 2.0, 5.0]), np.array([0.0, 0.0, 0.9]), focal_px=320.0, size=(160, 120))


@pytest.mark.parametrize("supersample", [1, 2])
def test_a_window_is_the_same_rectangle_of_the_frame(supersample: int) -> None:
    whole = render(two_people(), CAMERA, supersample=supersample)
    assert (whole.owner >= 0).sum() > 400
    for x0, y0, x1, y1 in ((0, 0, 80, 120), (61, 33, 97, 90), (75, 40, 76, 41)):
        part = render(two_people(), CAMERA, (x0, y0, x1, y1), supersample=supersample)
        for name in ("image", "owner", "part", "depth"):
            np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[y0:y1, x0:x1])


def test_people_stand_where_the_camera_projects_them() -> None:
    scene = two_people()
    seen = render(scene, CAMERA)
    assert ((seen.part == parts.BACKGROUND) == (seen.owner < 0)).all()
    for index, person in enumerate(scene.people):
        rows, columns = np.nonzero(seen.owner == index)
        pixels, _ = CAMERA.project(
            np.array([[person.x, person.y, 0.0], [person.x, person.y, person.look.height_m]])
        )
        assert rows.max() == pytest.approx(pixels[0, 1], abs=6)
        assert rows.min() == pytest.approx(pixels[1, 1], abs=6)
        assert columns.mean() == pytest.approx(pixels[:, 0].mean(), abs=4)
        assert {parts.HEAD, parts.TORSO, parts.LEGS} <= set(np.unique(seen.part[seen.owner == index]))
