"""Damaged and odd image files: refused, repaired or converted by the stated rule, never silently."""

from __future__ import annotations

import contextlib
import io
import os
import warnings
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from agreid_cli.records.images.picture import BACKGROUND
from agreid_cli.records.images.reading import decode, picture_size, read_picture

CUT = "the file ends early"


def person() -> np.ndarray:
    """uint8 RGB 96×48, smooth, of many colours."""
    coarse = np.random.default_rng(0).integers(0, 256, (12, 6, 3), dtype=np.uint8)
    return cv2.resize(coarse, (48, 96), interpolation=cv2.INTER_CUBIC)


RGB = person()
GREY = np.asarray(Image.fromarray(RGB).convert("L"))


def encoded(kind: str, image: Any = None, **how: Any) -> bytes:
    out = io.BytesIO()
    picture = Image.fromarray(RGB) if image is None else image
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(out, kind, **how)
    return out.getvalue()


def by_opencv(ending: str, samples: np.ndarray) -> bytes:
    colour = samples[..., [2, 1, 0, *range(3, samples.shape[2])]] if samples.ndim == 3 else samples
    return cv2.imencode(ending, colour)[1].tobytes()


JPEGS = {
    "baseline": encoded("JPEG", quality=90),
    "optimised": encoded("JPEG", quality=90, optimize=True),
    "progressive": encoded("JPEG", quality=90, progressive=True),
    "grey": encoded("JPEG", GREY, quality=90),
    "CMYK": encoded("JPEG", Image.fromarray(RGB).convert("CMYK"), quality=95),
    "restarts": cv2.imencode(".jpg", RGB[..., ::-1], [cv2.IMWRITE_JPEG_RST_INTERVAL, 4])[1].tobytes(),
}


@pytest.mark.parametrize("kind", JPEGS)
def test_a_whole_jpeg_is_what_pillow_sees_and_padding_does_no_harm(kind: str) -> None:
    data = JPEGS[kind]
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(image.convert("RGB"))
    thumbnail = b"\xff\xe1" + (2 + len(data)).to_bytes(2, "big") + data  # an EXIF block with ends of its own
    for whole in (data, data + bytes(9000), data + b"\xff\xd8 another", data[:-2],
                  data[:2] + thumbnail + data[2:]):  # fmt: skip
        found = decode(whole)
        assert np.abs(found.pixels.astype(int) - expected).max() <= 1
        assert found.converted == ""


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("share", [0.5, 0.8, 0.98])
def test_a_jpeg_that_ends_early_is_refused_however_it_is_filled_up(kind: str, share: float) -> None:
    data = JPEGS[kind]
    part = data[: int(share * len(data))]
    thumbnail = b"\xff\xe1" + (2 + len(data)).to_bytes(2, "big") + data
    rest = len(data) - len(part)
    for cut in (part, part + bytes(rest), part + b"\xff\xd9", part + bytes(rest - 2) + b"\xff\xd9",
                part[:2] + thumbnail + part[2:]):  # fmt: skip
        with pytest.raises(ValueError, match=r"ends early|is damaged"):
            decode(cut)


@settings(max_examples=60, deadline=None)
@given(
    place=st.floats(0.0, 1.0),
    size=st.sampled_from([16, 40, 200, 512]),
    kind=st.sampled_from(["baseline", "grey"]),
)
def test_a_hole_of_zeros_is_found_wherever_it_is(place: float, size: int, kind: str) -> None:
    data = bytearray(JPEGS[kind])
    start = data.rfind(b"\xff\xda") + 20
    at = start + int(place * (len(data) - 40 - start))
    size = min(size, len(data) - 20 - at)
    data[at : at + size] = bytes(size)
    with pytest.raises(ValueError, match=r"is damaged|ends early"):
        decode(bytes(data))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6), quality=st.integers(1, 100), optimise=st.booleans(),
    progressive=st.booleans(), level=st.sampled_from([0, 3, 40, 255]),
)  # fmt: skip
def test_no_whole_jpeg_is_refused(
    seed: int, quality: int, optimise: bool, progressive: bool, level: int
) -> None:
    rng = np.random.default_rng(seed)
    image = np.full(
        (int(rng.integers(1, 90)), int(rng.integers(1, 90)), 3), rng.integers(0, 256, 3), np.uint8
    )
    image = np.clip(image + rng.normal(0, level, image.shape), 0, 255).astype(np.uint8)
    data = encoded("JPEG", image, quality=quality, optimize=optimise, progressive=progressive)
    assert decode(data).pixels.shape == image.shape


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_damage_ends_in_another_error_than_ours(data: st.DataObject) -> None:
    kinds = [*JPEGS.values(), *(encoded(kind) for kind in ("PNG", "BMP", "WEBP", "TIFF", "GIF", "PPM"))]
    whole = bytearray(data.draw(st.sampled_from(kinds)))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(ValueError):
            assert decode(bytes(whole[: data.draw(st.integers(1, len(whole)))])).pixels.dtype == np.uint8


def test_a_png_is_refused_when_a_checksum_fails_or_it_is_cut() -> None:
    data = encoded("PNG")
    for whole in (data, data + bytes(500), data[:-12], data[:-3]):
        assert np.array_equal(decode(whole).pixels, RGB)
    at = data.index(b"IDAT") + 100
    flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    with pytest.raises(ValueError, match="is damaged at byte 33: a checksum fails"):
        decode(flipped)
    for cut in (data[: len(data) // 2], data[:40]):
        with pytest.raises(ValueError, match=CUT):
            decode(cut)
    note = b"tEXt" + b"a\0b"  # a comment whose checksum is wrong
    chunk = (3).to_bytes(4, "big") + note + (zlib.crc32(note) ^ 1).to_bytes(4, "big")
    assert np.array_equal(decode(data[:33] + chunk + data[33:]).pixels, RGB)


@pytest.mark.parametrize("kind", ["WEBP", "TIFF", "BMP", "GIF", "PPM"])
def test_other_files_that_end_early_are_refused_too(kind: str) -> None:
    data = encoded(kind)
    assert np.abs(decode(data).pixels.astype(int) - RGB).mean() < 20
    with pytest.raises(ValueError, match=CUT):
        decode(data[: len(data) // 2])


DEEP = {
    "16-bit PNG": (".png", 257, "16 of 16 bits"),
    "12 bits in a PNG": (".png", 16, "12 of 16 bits"),
    "14 bits in a PNG": (".png", 64, "14 of 16 bits"),
    "10 bits in a TIFF": (".tiff", 4, "10 of 16 bits"),
    "8 bits in a 16-bit TIFF": (".tiff", 1, "8 of 16 bits"),
    "16-bit TIFF": (".tiff", 257, "16 of 16 bits"),
}


@pytest.mark.parametrize("kind", DEEP)
@pytest.mark.parametrize("picture", [RGB, GREY], ids=["colour", "grey"])
def test_samples_beyond_8_bits_are_scaled_and_said(kind: str, picture: np.ndarray) -> None:
    ending, factor, said = DEEP[kind]
    found = decode(by_opencv(ending, picture.astype(np.uint16) * factor))
    expected = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    assert np.abs(found.pixels.astype(int) - expected).max() <= 1
    assert found.converted == said


@pytest.mark.parametrize("picture", [RGB, GREY], ids=["colour", "grey"])
@pytest.mark.parametrize(("factor", "said"), [(1 / 255, "floats of 0 to 1"), (1.0, "floats of 8 bits"),
                                              (257.0, "floats of 16 bits")])  # fmt: skip
def test_floats_are_scaled_and_said(picture: np.ndarray, factor: float, said: str) -> None:
    found = decode(by_opencv(".tiff", picture.astype(np.float32) * np.float32(factor)))
    expected = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    assert np.abs(found.pixels.astype(int) - expected).max() <= 1
    assert found.converted == said


@pytest.mark.parametrize(
    ("spoil", "why"), [(-40.0, "negative"), (np.nan, "not finite"), (np.inf, "not finite")]
)
def test_samples_that_are_no_brightness_are_refused(spoil: float, why: str) -> None:
    samples = RGB.astype(np.float32)
    samples[3, 3] = spoil
    with pytest.raises(ValueError, match=why):
        decode(by_opencv(".tiff", samples))


def test_transparent_parts_are_filled_with_the_stated_colour() -> None:
    alpha = np.full(RGB.shape[:2], 255, np.uint8)
    alpha[:, :10], alpha[:, 10] = 0, 51
    hidden = RGB.copy()
    hidden[:, :10] = (255, 0, 0)
    cut_out = Image.fromarray(np.dstack([hidden, alpha]))
    for data in (encoded("PNG", cut_out), encoded("WEBP", cut_out, lossless=True), encoded("TIFF", cut_out)):
        found = decode(data)
        assert found.converted == "transparent parts"
        assert (found.pixels[:, :10] == BACKGROUND).all()
        assert np.abs(found.pixels[:, 10] - (0.2 * RGB[:, 10] + 0.8 * np.array(BACKGROUND))).max() <= 1
        assert np.array_equal(found.pixels[:, 11:], RGB[:, 11:])
    deep = np.dstack([hidden, alpha]).astype(np.uint16) * 257
    assert (decode(by_opencv(".png", deep)).pixels[:, :10] == BACKGROUND).all()
    opaque = Image.fromarray(np.dstack([RGB, np.full_like(alpha, 255)]))
    assert decode(encoded("PNG", opaque)).converted == ""
    palette = Image.fromarray(RGB).quantize(16)
    found = decode(encoded("PNG", palette, transparency=palette.getpixel((0, 0))))
    assert tuple(found.pixels[0, 0]) == BACKGROUND
    with pytest.raises(ValueError, match="all of it is transparent"):
        decode(encoded("PNG", Image.fromarray(np.dstack([RGB, np.zeros_like(alpha)]))))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_images_are_turned_as_their_notes_say(kind: str, orientation: int, tmp_path: Path) -> None:
    notes = Image.Exif()
    notes[0x0112] = orientation
    data = encoded(kind, exif=notes)
    with Image.open(io.BytesIO(data)) as image:
        from PIL import ImageOps

        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    assert np.abs(decode(data).pixels.astype(int) - expected).max() <= 1
    file = tmp_path / "turned"
    file.write_bytes(data)
    assert picture_size(file) == expected.shape[1::-1]


def test_of_several_frames_the_first_is_taken_and_that_is_said() -> None:
    first = Image.fromarray(RGB)
    data = encoded("GIF", first, save_all=True, append_images=[Image.fromarray(RGB[::-1])])
    found = decode(data)
    assert found.converted == "several frames, of which the first is used"
    assert np.abs(found.pixels.astype(int) - RGB).mean() < 20


def test_only_regular_files_of_a_bearable_size_are_opened(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.png"
    Image.new("1", (30_000, 30_000)).save(bomb)
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("not an image at all")
    for read in (read_picture, picture_size):
        for name, why in (
            ("bomb.png", "more than 89,478,485 pixels"), ("pipe.jpg", "a named pipe"),
            ("folder.jpg", "a folder"), ("empty.jpg", "the file is empty"), ("text.jpg", "not an image"),
            ("a\0b.jpg", "null"),
        ):  # fmt: skip
            with pytest.raises(ValueError, match=why):
                read(str(tmp_path / name))
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "nowhere.jpg")


def test_a_quick_look_sees_what_ends_early(tmp_path: Path) -> None:
    path = tmp_path / "a.img"
    for data in (*JPEGS.values(), encoded("PNG"), encoded("WEBP"), encoded("BMP")):
        path.write_bytes(data)
        assert picture_size(path) == (48, 96)
        path.write_bytes(data + bytes(3000))
        assert picture_size(path) == (48, 96)
    for data in (JPEGS["baseline"], encoded("PNG"), encoded("WEBP")):
        path.write_bytes(data[: len(data) * 2 // 3])
        with pytest.raises(ValueError, match=CUT):
            picture_size(path)
