"""Colour histograms compared with a plain loop, and the effect of grey-world balance."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

from agreid_cli.vision.colour_histograms import HISTOGRAMS, Histogram, balanced, described


def crops(n: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 128, 64, 3), dtype=np.uint8)


def test_counts_are_those_of_a_plain_loop() -> None:
    histogram = Histogram(bands=2, bins=(4, 2, 2), columns=(8, 40), grey_world=False)
    [crop] = plain = np.zeros((1, 128, 64, 3), np.uint8)
    rng = np.random.default_rng(1)
    # Plain colours in the middle of their bins, so that OpenCV's rounding of hues cannot matter.
    palette = [tuple(round(255 * c) for c in colorsys.hsv_to_rgb(h, s, v))
               for h in (0.125, 0.375, 0.625, 0.875) for s in (0.25, 0.75) for v in (0.25, 0.75)]  # fmt: skip
    numbers = rng.integers(0, 16, (128, 64))
    crop[:] = np.array(palette, np.uint8)[numbers]
    expected = np.zeros((2, 16))
    for y in range(128):
        for x in range(8, 40):
            expected[y // 64, numbers[y, x]] += 1
    expected = np.sqrt(expected / expected.sum())
    np.testing.assert_allclose(histogram.describe(plain)[0], expected.ravel(), atol=1e-6)


@pytest.mark.parametrize("histogram", HISTOGRAMS, ids=str)
def test_every_histogram_is_of_unit_length_and_finds_the_same_crop(histogram: Histogram) -> None:
    rows = histogram.describe(crops())
    assert rows.dtype == np.float32
    assert rows.shape == (3, 2048)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert ((rows @ rows.T).argmax(1) == np.arange(3)).all()
    assert histogram.describe(crops()[:0]).shape == (0, 2048)


def test_grey_world_takes_a_cast_out() -> None:
    world = np.random.default_rng(2).integers(60, 140, (128, 64, 3), dtype=np.uint8)
    cast = np.clip(np.rint(world * [1.3, 1.0, 0.7]), 0, 255).astype(np.uint8)
    assert np.abs(balanced(cast).astype(int) - balanced(world)).max() <= 2
    raw, even = Histogram(8, (16, 4, 4), (12, 52), False), Histogram(8, (16, 4, 4), (12, 52), True)
    both = np.stack([world, cast])
    far, near = (1 - float(np.prod(h.describe(both), axis=0).sum()) for h in (raw, even))
    assert near < far / 3


def test_the_four_have_names_of_their_own() -> None:
    names = [name for name, _ in described(crops(1))]
    assert len({*names}) == 4
    assert "HSV 16×4×4 in 8 bands of columns 12 to 52, grey-world" in names
    assert "HSV 16×8×8 in 2 bands" in names
