"""Attention overlays: where they are bright, and that the image stays visible."""

from __future__ import annotations

import numpy as np

from agreid_cli.reporting.attention import overlay, spread, top_third


def test_the_attended_half_changes_and_the_rest_darkens_alike() -> None:
    image = np.full((64, 32, 3), 100, np.uint8)
    attention = np.zeros((8, 4))
    attention[:4] = 1.0
    found = overlay(image, attention)
    assert found.shape == image.shape
    assert found.dtype == np.uint8
    assert (found[-8:] == found[-1, -1]).all()  # least everywhere below
    assert np.abs(found[2].astype(int) - found[-2].astype(int)).max() > 40
    assert (image == 100).all()


def test_squaring_favours_the_most_attended() -> None:
    image = np.zeros((4, 3, 3), np.uint8)
    row = np.tile([0.0, 0.5, 1.0], (4, 1))
    left, middle, right = overlay(image, row)[0]
    quarter = overlay(image, np.tile([0.0, 0.25**0.5, 1.0], (4, 1)))[0, 1]
    assert not np.array_equal(left, right)
    assert np.array_equal(middle, quarter)


def test_a_flat_map_attends_to_nothing() -> None:
    assert (spread(np.full((3, 3), 7.0)) == 0).all()
    assert not top_third(np.full((3, 3), 7.0)).any()


def test_top_third_of_each_map() -> None:
    maps = np.stack([np.arange(9.0).reshape(3, 3), -np.arange(9.0).reshape(3, 3)])
    found = top_third(maps)
    assert found.sum(axis=(1, 2)).tolist() == [3, 3]
    assert found[0, 2].all()
    assert found[1, 0].all()
