"""The ground is fixed in the world, reproducible from its seed, and consistent at any distance."""

from __future__ import annotations

import numpy as np

from agreid_cli.synth.draw.camera import look_at
from agreid_cli.synth.place import ground
from agreid_cli.synth.place.ground import Ground


def above(x: float, y: float, *, high: float = 20.0, focal: float = 300.0, side: int = 96):
    eye = np.array([x, y, high])
    return look_at(eye, np.array([x, y, 0.0]), focal_px=focal, size=(side, side))


def whole(camera) -> tuple[int, int, int, int]:
    return (0, 0, camera.width, camera.height)


def test_a_place_is_where_its_ray_meets_the_ground() -> None:
    camera = look_at(np.array([3.0, -12.0, 9.0]), np.array([1.0, 2.0, 0.0]), focal_px=90.0, size=(40, 30))
    X, Y, near = ground.places(camera, (5, 4, 25, 28))
    rays = camera.rays((5, 4, 25, 28)).astype(np.float64)
    reach = -camera.centre[2] / rays[..., 2]
    np.testing.assert_allclose(X, camera.centre[0] + reach * rays[..., 0], atol=1e-3)
    np.testing.assert_allclose(Y, camera.centre[1] + reach * rays[..., 1], atol=1e-3)
    assert (near > 0).all()


def test_the_ground_moves_against_the_camera() -> None:
    metre = 300 / 20
    here, there = (ground.paint(Ground(1), above(x, 0.0), (0, 0, 96, 96)).astype(int) for x in (0.0, 2.0))
    shift = int(2 * metre)
    assert np.abs(here[:, shift:] - there[:, :-shift]).mean() < 2.0
    assert np.abs(here - there).mean() > 4.0


def test_the_seed_paints_it() -> None:
    first, again, other = (ground.paint(Ground(seed), above(0, 0), (0, 0, 96, 96)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5


def test_grass_is_green_and_the_street_is_not() -> None:
    lawn = ground.paint(Ground(1), above(20.0, 22.0), (30, 30, 66, 66)).mean((0, 1))
    street = ground.paint(Ground(1), above(20.0, 0.0), (30, 30, 66, 66)).mean((0, 1))
    assert lawn[1] > 1.08 * max(lawn[0], lawn[2])
    assert max(street) < 1.2 * min(street)
    assert street[1] - street[2] < 0.3 * (lawn[1] - lawn[2])


def test_far_ground_is_smooth_and_as_bright() -> None:
    close = ground.paint(Ground(1), above(24.0, 20.0, high=10), (0, 0, 96, 96)).astype(float)
    far = ground.paint(Ground(1), above(24.0, 20.0, high=10, focal=3.0), (45, 45, 51, 51)).astype(float)
    assert abs(close.mean() - far.mean()) < 30
    assert np.abs(np.diff(far, axis=0)).mean() < 40
