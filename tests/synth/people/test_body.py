"""The gait: feet touch the ground, sides alternate, speed matters."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.synth.draw.mesh import placed
from agreid_cli.synth.people.body import LEFT, RIGHT, pose, proportions
from agreid_cli.synth.people.figure import figure
from agreid_cli.synth.people.parts import FEET, HEAD
from tests.synth.someone import someone


@pytest.mark.parametrize("phase", np.linspace(0, 1, 9).tolist())
@pytest.mark.parametrize("speed", [0.0, 1.3])
def test_the_lower_foot_touches_the_ground(phase: float, speed: float) -> None:
    mesh = figure(someone(2), phase, speed)
    lowest = mesh.points[mesh.faces[mesh.part == FEET].ravel(), 2].min()
    assert lowest == pytest.approx(0.0, abs=0.025)
    assert mesh.points[:, 2].min() > -0.025


def test_the_crown_is_at_the_stature_when_standing() -> None:
    for seed in range(5):
        look = someone(seed, hairstyle="Bald")
        mesh = figure(look, 0.0, 0.0)
        crown = mesh.points[mesh.faces[mesh.part == HEAD].ravel(), 2].max()
        assert crown == pytest.approx(look.height_m, rel=0.03)


def test_half_a_stride_later_the_legs_have_changed_places() -> None:
    now, later = pose(someone(1), 0.1, 1.3), pose(someone(1), 0.6, 1.3)
    for one, other in ((LEFT, RIGHT), (RIGHT, LEFT)):
        a, b = now.legs[one].bottom, later.legs[other].bottom
        np.testing.assert_allclose([a[0], a[2]], [b[0], b[2]], atol=1e-9)
        assert a[1] == pytest.approx(-b[1])


def test_an_arm_swings_against_the_leg_of_its_side() -> None:
    now = pose(someone(1), 0.0, 1.3)  # the left heel touches down
    assert now.legs[LEFT].bottom[0] > 0.2
    assert now.legs[RIGHT].bottom[0] < -0.2
    assert now.arms[LEFT].bottom[0] < now.arms[RIGHT].bottom[0] - 0.15


def test_faster_walkers_take_longer_steps_and_bones_keep_their_length() -> None:
    look = someone(1)
    size = proportions(look)
    steps = []
    for speed in (0.0, 0.7, 1.4):
        legs = pose(look, 0.0, speed).legs
        steps.append(abs(legs[LEFT].bottom[0] - legs[RIGHT].bottom[0]))
        for leg in legs:
            assert np.linalg.norm(leg.middle - leg.top) == pytest.approx(size["thigh"])
            assert np.linalg.norm(leg.bottom - leg.middle) == pytest.approx(size["shin"])
    assert steps[0] < 0.02
    assert 0.3 < steps[1] < steps[2] < 1.0


def test_heading_turns_the_front_and_place_moves_it() -> None:
    mesh = figure(someone(1), 0.0, 0.0)
    turned = placed(mesh, 3.0, -2.0, np.pi / 2)
    np.testing.assert_allclose(turned.points[:, 0], 3.0 - mesh.points[:, 1], atol=1e-12)
    np.testing.assert_allclose(turned.points[:, 1], -2.0 + mesh.points[:, 0], atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(turned.normals, axis=1), 1.0, atol=1e-6)
