"""The detector's input size for common frame sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreid_cli.vision.imgsz import STRIDE, auto_imgsz


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((480, 360), 640),
        ((704, 480), 704),
        ((1280, 720), 1280),
        ((1920, 1080), 1920),
        ((1080, 1920), 1920),
        ((2704, 1520), 2560),
        ((3840, 2160), 2560),
        ((7680, 4320), 5120),
    ],
)
def test_the_sizes_of_common_cameras(size: tuple[int, int], expected: int) -> None:
    assert auto_imgsz(*size) == expected


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_a_multiple_of_the_stride_that_a_turned_camera_shares(width: int, height: int) -> None:
    size = auto_imgsz(width, height)
    assert size % STRIDE == 0
    assert size == auto_imgsz(height, width)
    assert size >= min(max(width, height), 2560)


def test_the_smallest_person_of_the_data_set_is_large_enough_to_be_found() -> None:
    """31×59 pixels at 3840×2160 (paper §III-A): ten pixels high at 640, out of any detector's reach."""
    assert 59 * auto_imgsz(3840, 2160) / 3840 > 35
