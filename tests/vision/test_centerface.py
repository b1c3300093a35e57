"""The shipped face detector: drawn faces of many sizes, and images without faces."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from agreid_cli.assets import asset
from agreid_cli.errors import MissingError
from agreid_cli.vision import centerface
from agreid_cli.vision.centerface import WEIGHTS, find_faces
from tests.support.near_person import near_person


def overlap(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    def area(b: tuple[int, ...]) -> int:
        return max(0, b[2] - b[0]) * max(0, b[3] - b[1])

    both = (max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))
    return area(both) / (area(one) + area(other) - area(both))


@pytest.mark.parametrize("size", [16, 20, 40, 100, 300])
def test_a_drawn_face_is_found_where_it_is_at_every_size(size: int) -> None:
    [face] = find_faces(near_person(size))
    c = size // 2  # the drawn ellipse is 44 × 56 sixtieths of the size
    drawn = (c + int(size * 8 / 60), int(size * 2 / 60), c + int(size * 52 / 60), int(size * 58 / 60))
    assert overlap(face, drawn) > 0.6


def test_two_faces_are_found_in_a_wide_picture() -> None:
    left, right = find_faces(np.hstack([near_person(60), near_person(60)]))
    assert right[0] - left[0] == pytest.approx(120, abs=6)


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (15, 40), (400, 8), (900, 700)])
def test_no_face_is_found_where_there_is_none(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert find_faces(noise) == []
    assert find_faces(np.full((*shape, 3), 90, np.uint8)) == []


def test_the_weights_are_the_published_file() -> None:
    digest = hashlib.sha256(asset(WEIGHTS).read_bytes()).hexdigest()
    assert digest == "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
    assert digest in (asset(WEIGHTS).parent / "README.md").read_text(encoding="utf-8")


def test_an_installation_without_the_weights_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def absent(name: str) -> Path:
        raise FileNotFoundError(name)

    centerface.network_of_faces.cache_clear()
    monkeypatch.setattr(centerface, "asset", absent)
    with pytest.raises(MissingError, match="face detector is missing") as caught:
        centerface.check()
    assert "--no-pixelate-faces" in caught.value.hint
