"""Crops in the page: size, pixels, and crops that cannot be shown."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np

from agreid_cli.reporting.thumbnails import Thumbnails


def test_a_crop_is_shrunk_to_the_height_and_keeps_its_shape_and_colours(tmp_path: Path) -> None:
    image = np.full((200, 80, 3), (200, 40, 10), np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), image)
    found = Thumbnails({"a": tmp_path / "a.png"}, 100, 90).of("a")
    assert found is not None
    assert (found.width, found.height) == (40, 100)
    kind, _, data = found.uri.partition(";base64,")
    assert kind == "data:image/jpeg"
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
    assert pixels.shape == (100, 40, 3)
    assert np.abs(pixels.astype(int) - (200, 40, 10)).max() < 12


def test_what_is_no_image_is_counted_once(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "empty.jpg").touch()
    paths = {name: tmp_path / f"{name}.jpg" for name in ("text", "empty", "gone")}
    found = Thumbnails(paths, 64, 80)
    assert [found.of(crop) for crop in ("text", "empty", "gone", "unlisted", "text")] == [None] * 5
    assert found.missing == {"text", "empty", "gone", "unlisted"}
    assert found.shown == 0
