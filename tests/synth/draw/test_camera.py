"""The pinhole camera compared with values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.synth.draw.camera import look_at


def test_a_point_to_the_right_and_above_lands_there() -> None:
    camera = look_at(np.array([0.0, 0, 2]), np.array([0.0, 10, 2]), focal_px=100, size=(200, 100))
    pixels, depth = camera.project(np.array([[1.0, 10, 2], [0, 10, 3], [0, -5, 2]]))
    assert pixels[:2] == pytest.approx(np.array([[110, 50], [100, 40]]))
    assert depth == pytest.approx([10, 10, -5])
    assert camera.centre == pytest.approx([0, 0, 2])


def test_rays_lead_back_to_the_points_that_project_there() -> None:
    camera = look_at(np.array([3.0, -2, 15]), np.array([1.0, 9, 0]), focal_px=80, size=(64, 48), roll_rad=0.1)
    rays = camera.rays((5, 7, 21, 30))
    assert rays.shape == (23, 16, 3)
    assert rays.dtype == np.float32
    assert np.linalg.norm(rays, axis=2) == pytest.approx(1, abs=1e-6)
    points = camera.centre + 12.5 * rays.reshape(-1, 3)
    pixels, _ = camera.project(points)
    across, down = np.meshgrid(np.arange(5, 21) + 0.5, np.arange(7, 30) + 0.5)
    assert pixels == pytest.approx(np.stack([across.ravel(), down.ravel()], 1), abs=1e-3)


def test_looking_straight_down_is_allowed_and_keeps_a_rotation() -> None:
    camera = look_at(np.array([0.0, 0, 30]), np.array([0.0, 0, 0]), focal_px=50, size=(10, 10))
    assert pytest.approx(np.eye(3), abs=1e-12) == camera.R @ camera.R.T
    assert np.linalg.det(camera.R) == pytest.approx(1)
    assert camera.project(np.array([[1.0, 0, 0]]))[0][0] == pytest.approx([5 + 50 / 30, 5])
