"""The camera simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agreid_cli.synth.draw.sensor import MARGIN, Sensor, aligned, expose

CLEAN = Sensor(blur_px=0, noise=0, quality=100)


def picture(height: int = 160, width: int = 192) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    coarse = rng.integers(40, 200, (height // 4, width // 4, 3), dtype=np.uint8)
    owner = np.full((height, width), -1, np.int16)
    owner[40:100, 60:84] = 2
    return coarse.repeat(4, 0).repeat(4, 1), owner


def shown(sensor: Sensor, window: tuple[int, int, int, int] | None = None, **how: object) -> np.ndarray:
    image, owner = picture()
    x0, y0, x1, y1 = window or (0, 0, 192, 160)
    options = {"shift": (0.0, 0.0), "shifts": {}, "seed": 3, **how}
    return expose(image[y0:y1, x0:x1], owner[y0:y1, x0:x1], (x0, y0, x1, y1), sensor, **options)  # type: ignore[arg-type]


def test_a_window_is_that_part_of_the_frame() -> None:
    sensor = Sensor(gains=(0.8, 1.0, 1.1), gamma=1.2, saturation=0.7, blur_px=1.1, noise=5, quality=45)
    moves = {"shift": (4.0, -2.0), "shifts": {2: (9.0, 3.0)}}
    frame, window = shown(sensor, **moves), aligned((62, 60, 80, 90), 192, 160, margin=40)
    part = shown(sensor, window, **moves)
    inner = np.s_[MARGIN:-MARGIN, MARGIN:-MARGIN]
    x0, y0, x1, y1 = window
    assert window == (16, 16, 128, 144)
    assert (frame[y0:y1, x0:x1][inner] == part[inner]).all()
    assert not (frame[y0:y1, x0:x1] == part).all(), "the rim differs, or the test sees nothing"


def test_without_faults_the_picture_comes_through() -> None:
    # In brightness: the colours of one-pixel edges are halved by JPEG.
    grey = [image.mean(axis=2) for image in (shown(CLEAN), picture()[0])]
    assert np.abs(grey[0] - grey[1]).mean() < 4


def test_white_balance_exposure_gamma_and_saturation() -> None:
    base = shown(CLEAN).astype(float)
    warm = shown(replace(CLEAN, gains=(0.5, 1.0, 1.0))).astype(float)
    assert warm[..., 0].mean() == pytest.approx(base[..., 0].mean() / 2, rel=0.03)
    assert warm[..., 2].mean() == pytest.approx(base[..., 2].mean(), rel=0.03)
    assert shown(replace(CLEAN, gamma=1.5)).mean() < base.mean() - 10
    grey = shown(replace(CLEAN, saturation=0))
    assert np.ptp(grey.astype(int), axis=2).max() <= 3


def test_noise_has_its_size_and_another_frame_has_another() -> None:
    image = np.full((64, 64, 3), 128, np.uint8)
    owner = np.full((64, 64), -1, np.int16)
    grainy, all_of_it = replace(CLEAN, noise=6, chroma=0), (0, 0, 64, 64)
    noisy = [
        expose(image, owner, all_of_it, grainy, shift=(0, 0), shifts={}, seed=seed) for seed in (1, 1, 2)
    ]
    assert noisy[0].std() == pytest.approx(6, rel=0.15)
    assert (noisy[0] == noisy[1]).all()
    assert not (noisy[0] == noisy[2]).all()


def test_who_moves_is_blurred_and_the_ground_is_not() -> None:
    still, swept = shown(CLEAN), shown(CLEAN, shifts={2: (10.0, 0.0)})
    changed = np.abs(still.astype(int) - swept).max(axis=2) > 12
    assert changed[45:95, 64:80].mean() > 0.3
    assert not changed[:, :40].any()
    whole = shown(CLEAN, shift=(10.0, 0.0), shifts={2: (0.0, 0.0)})
    assert np.abs(still.astype(int) - whole)[:, :40].mean() > 5
    assert np.abs(still.astype(int) - whole)[50:90, 66:78].mean() < 1
