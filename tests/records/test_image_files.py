"""The list of image suffixes, and images without a suffix."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from agreid_cli.records.image_files import IMAGE_ENDINGS, is_image

#: Endings that Pillow knows and that are no photographs: icons, films, drawings, textures, measurements.
NO_PHOTOGRAPHS = {
    ".blp", ".bufr", ".cur", ".emf", ".eps", ".fit", ".fits", ".flc", ".fli", ".ftc", ".ftu", ".gbr", ".grib",
    ".h5", ".hdf", ".icns", ".ico", ".iim", ".mpeg", ".mpg", ".ps", ".wmf",
}  # fmt: skip


def test_the_list_is_what_pillow_opens() -> None:
    opened = {ending for ending, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    assert opened - NO_PHOTOGRAPHS <= IMAGE_ENDINGS
    # Older Pillows lack a few of the newer formats.
    assert IMAGE_ENDINGS - opened <= {".avif", ".avifs", ".qoi", ".pxr", ".apng", ".pfm"}


def picture(path: Path, kind: str) -> Path:
    Image.new("RGB", (6, 9), (200, 30, 30)).save(path, kind)
    return path


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM"])
def test_a_picture_without_an_ending_is_known_by_its_content(kind: str, tmp_path: Path) -> None:
    assert is_image(picture(tmp_path / "crop", kind))


def test_other_content_without_an_ending_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("words")
    (tmp_path / "empty").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    picture(tmp_path / "icon", "ICO")
    for name in ("README", "empty", "pipe", "icon", "nothing"):
        assert not is_image(tmp_path / name), name


def test_an_ending_decides_alone(tmp_path: Path) -> None:
    assert is_image(tmp_path / "a.JPG")  # need not be there, and is not opened
    assert not is_image(picture(tmp_path / "a.txt", "JPEG"))
