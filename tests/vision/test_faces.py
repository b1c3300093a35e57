"""No face stays visible: detected faces, heads without a detected face, and bystanders."""

from __future__ import annotations

import numpy as np
import pytest

from agreid_cli.vision import faces
from agreid_cli.vision.centerface import find_faces
from agreid_cli.vision.faces import SQUARES, head_of, pixelate_people
from tests.support.near_person import near_person


def noise(height: int = 200, width: int = 80) -> np.ndarray:
    """Every pixel another colour, so that whatever is left as it was shows."""
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def colours(image: np.ndarray, box: tuple[int, int, int, int]) -> int:
    x1, y1, x2, y2 = box
    part = image[max(y1, 0) : y2, max(x1, 0) : x2].reshape(-1, 3)
    return len(np.unique(part, axis=0))


@pytest.mark.parametrize("size", [60, 80, 100])
def test_a_face_is_found_and_nothing_of_it_is_left(size: int) -> None:
    image = near_person(size)
    [face] = find_faces(image)
    own = (0, 0, size * 2, size * 5)
    before = image.copy()
    out, done = pixelate_people(image, own, [], min_head_px=8)
    assert done == "face"
    assert colours(before, face) > 50
    assert colours(out, face) <= SQUARES**2
    assert find_faces(out) == []
    outside = np.ones(image.shape[:2], bool)
    outside[face[1] : face[3], face[0] : face[2]] = False
    assert (out[outside] == before[outside]).all()
    assert (image == before).all(), "the frame itself is left as it is"


def test_without_a_face_the_head_goes() -> None:
    own = (0, 0, 80, 200)
    out, done = pixelate_people(noise(), own, [], min_head_px=8)
    head = head_of(own)
    assert done == "head"
    assert head == (12, 0, 68, 36)
    assert colours(out, head) <= SQUARES**2
    assert (out[36:] == noise()[36:]).all()


def test_bystanders_heads_go_too() -> None:
    others = [(-40, 90, 30, 260), (50, 20, 120, 190), (200, 0, 260, 100)]
    out, done = pixelate_people(noise(), (0, 0, 80, 200), others, min_head_px=8)
    assert done == "head"
    for box in others[:2]:
        x1, y1, x2, y2 = head_of(box)
        part = (out == noise()).all(2)[y1:y2, max(x1, 0) : min(x2, 80)]
        assert part.size > 0
        assert not part.any()


@pytest.mark.parametrize("inside", [1, 2, 3, 4, 5, 9])
def test_a_strip_of_a_head_at_the_border_is_not_left_as_it_was(inside: int) -> None:
    """The head of somebody who stands beside reaches only a few pixels into the crop."""
    other = (inside - 51, 20, inside + 9, 190)
    x2 = head_of(other)[2]
    assert x2 == inside
    out, _ = pixelate_people(noise(), (0, 0, 80, 200), [other], min_head_px=8)
    part = (out == noise()).all(2)[40:50, :x2]
    assert not part.any()
    rows = out[head_of(other)[1] : head_of(other)[3], :x2].reshape(-1, 3)
    assert len(np.unique(rows, axis=0)) <= SQUARES**2


@pytest.mark.parametrize("inside", [2, 3, 4])
def test_the_corner_of_a_head_is_not_left_as_it_was(inside: int) -> None:
    other = (inside - 51, 200 - inside, inside + 9, 400)
    out, _ = pixelate_people(noise(), (0, 0, 80, 200), [other], min_head_px=8)
    assert not (out == noise()).all(2)[-inside:, :inside].any()


def test_heads_too_small_to_show_a_face_stay() -> None:
    own = (0, 0, 16, 40)
    image = noise(40, 16)
    out, done = pixelate_people(image, own, [], min_head_px=9)
    assert done == "none"
    assert (out == image).all()
    assert pixelate_people(image, own, [], min_head_px=8)[1] == "head"


@pytest.mark.parametrize(
    "fold",
    [(20, 70, 50, 100), (30, 34, 50, 54), (0, 0, 17, 17), (14, 2, 30, 12)],
    ids=["on the chest", "half on the head", "in a corner", "too small"],
)
def test_a_fold_taken_for_a_face_does_not_spare_the_head(
    fold: tuple[int, int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faces, "find_faces", lambda crop: [fold])
    own = (0, 0, 80, 200)
    out, done = pixelate_people(noise(), own, [], min_head_px=8)
    assert done == "head"
    x1, y1, x2, y2 = head_of(own)
    assert not (out == noise()).all(2)[y1:y2, x1:x2].any()


def test_a_bystander_s_face_does_not_spare_the_own_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "find_faces", lambda crop: [(66, 2, 80, 30)])
    out, done = pixelate_people(noise(), (0, 0, 60, 200), [(50, 0, 100, 150)], min_head_px=8)
    assert done == "head"
    x1, y1, x2, y2 = head_of((0, 0, 60, 200))
    assert not (out == noise()).all(2)[y1:y2, x1:x2].any()


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (15, 40), (40, 15), (400, 8)])
def test_crops_of_any_size_are_no_trouble(size: tuple[int, int]) -> None:
    image = noise(*size)
    out, _ = pixelate_people(image, (0, 0, size[1], size[0]), [], min_head_px=1)
    assert out.shape == image.shape
