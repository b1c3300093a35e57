"""Which stream of a container is used, what is reported about the rest, and that its images are correct."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from agreid_cli.errors import InputError
from agreid_cli.vision.sources.container import look
from agreid_cli.vision.video import Video
from tests.support import containers, tiny
from tests.support.containers import COVER, STILL, Track

SMALL = Track(size=(96, 72))


def read(path: Path, **how: object) -> tuple[Video, list[np.ndarray]]:
    video = Video(path, **how)  # type: ignore[arg-type]
    images = [frame.image for frame in video.frames()]
    video.close()
    return video, images


@pytest.mark.parametrize(
    ("name", "tracks", "taken"),
    [
        ("cover behind.mp4", [Track(), COVER], 0),
        ("cover first.mkv", [COVER, Track()], 1),
        ("still first.mp4", [STILL, Track()], 1),
        ("still first.mkv", [STILL, Track()], 1),
        ("empty first.mkv", [Track(0), Track()], 1),
        ("two films.mkv", [Track(), SMALL], 0),
        ("two films.ts", [Track(), SMALL], 0),
        ("default second.mkv", [SMALL, Track(marked="default")], 1),
    ],
)
@pytest.mark.parametrize("sound", [False, True], ids=["silent", "sound first"])
def test_the_film_is_taken_and_the_rest_is_said(
    name: str, tracks: list[Track], taken: int, sound: bool, tmp_path: Path
) -> None:
    video, images = read(containers.mux(tmp_path / name, *tracks, sound=sound))
    assert (video.size, len(images)) == (tiny.SIZE, 20)
    assert (video.lost, video.missing_at_end) == (0, 0)
    for image, drawn in zip(images, tiny.clip(20), strict=True):
        assert np.abs(image.astype(int) - drawn).mean() < 8
    said = video.notes()[0]
    assert "(h264, 192×144); left out: " in said
    left_out = video.facts()["left_out"]
    other = tracks[1 - taken]
    words = "a picture" if other in (COVER, STILL) else "stream"
    assert any(words in text for text in left_out)
    assert all(text.split(" (")[0] in said for text in left_out)
    assert ("audio (aac)" in left_out) == sound
    assert any("--set source.stream=" in note for note in video.notes()) == (other.frames > 1)


def test_another_film_is_taken_on_request_and_a_wrong_number_lists_the_films(tmp_path: Path) -> None:
    path = containers.mux(tmp_path / "dash.mkv", Track(), SMALL)
    video, images = read(path, stream=1)
    assert (video.size, len(images)) == ((96, 72), 20)
    with pytest.raises(InputError, match="has no video in stream 7") as caught:
        look(path, 7)
    assert "stream 0 (h264, 192×144), stream 1 (h264, 96×72)" in caught.value.hint


def test_a_song_with_its_cover_is_no_film(tmp_path: Path) -> None:
    song = containers.mux(tmp_path / "song.mp4", COVER, sound=True)
    with pytest.raises(
        InputError, match=r"contains no video stream: a picture \(stream 1, mjpeg.*\), audio \(aac\)"
    ):
        Video(song)


@pytest.mark.parametrize("aspect", [Fraction(16, 11), Fraction(8, 9)])
@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts"])
def test_pixels_are_made_square(aspect: Fraction, ending: str, tmp_path: Path) -> None:
    video, images = read(containers.anamorphic(tmp_path / f"a.{ending}", aspect))
    width, height = tiny.SIZE
    size = (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))
    assert (video.size, video.stored_size) == (size, tiny.SIZE)
    for image, drawn in zip(images, tiny.clip(12), strict=True):
        assert np.abs(image.astype(int) - cv2.resize(drawn, size)).mean() < 8
    assert f"({aspect.numerator}:{aspect.denominator}): frames of 192×144 are stretched" in video.notes()[0]


def test_a_turned_film_with_oblong_pixels_is_stretched_before_it_is_turned(tmp_path: Path) -> None:
    path = tiny.rotated(containers.anamorphic(tmp_path / "phone.mp4", Fraction(3, 2)), 90)
    video, images = read(path)
    assert video.size == (144, 288)
    upright = np.rot90(cv2.resize(tiny.clip(1)[0], (288, 144)), 3)
    assert np.abs(images[0].astype(int) - upright).mean() < 8


INTERLACED = {
    "H.264": ("a.mp4", {"codec": "libx264", "options": {"x264-params": "tff=1"}}),
    "MPEG-2": ("a.mpg", {"codec": "mpeg2video", "options": {"flags": "+ildct+ilme"}, "fps": 25}),
    "bottom first": ("a.mkv", {"codec": "libx264", "options": {"x264-params": "bff=1"}}),
}


@pytest.mark.parametrize("form", INTERLACED)
def test_interlaced_frames_are_deinterlaced_and_none_is_lost(form: str, tmp_path: Path) -> None:
    name, how = INTERLACED[form]
    pictures = containers.woven()
    video, images = read(tiny.encode(tmp_path / name, pictures, **how))  # type: ignore[arg-type]
    assert len(images) == len(pictures)
    assert (video.lost, video.missing_at_end) == (0, 0)
    assert containers.combing(images) < containers.combing(pictures) / 2
    assert "its frames are interlaced: deinterlaced" in video.notes()
    assert video.facts()["deinterlaced"]
    video, images = read(tmp_path / name, deinterlace="off")
    assert containers.combing(images) > containers.combing(pictures) / 2
    assert "left interlaced" in video.notes()[0]


def test_frames_that_are_combed_without_a_mark_are_deinterlaced_on_request(tmp_path: Path) -> None:
    path = tiny.write(tmp_path / "a.avi", containers.woven())
    before, after = read(path)[1], read(path, deinterlace="on")[1]
    assert containers.combing(after) < containers.combing(before) / 2
    assert len(after) == len(before)


def test_interlaced_frames_after_progressive_ones_do_not_come_out_black(tmp_path: Path) -> None:
    plain = tiny.encode(tmp_path / "a.ts", tiny.clip(12))
    woven = tiny.encode(tmp_path / "b.ts", containers.woven(), options={"x264-params": "tff=1"})
    (tmp_path / "both.ts").write_bytes(plain.read_bytes() + woven.read_bytes())
    video, images = read(tmp_path / "both.ts")
    assert len(images) == 24
    assert all(image.any() for image in images)
    assert "its frames are interlaced: deinterlaced" in video.notes()


def test_black_pictures_are_frames_like_others(tmp_path: Path) -> None:
    black = np.zeros_like(tiny.clip(1)[0])
    drawn = [black, *tiny.clip(10), black, black, *tiny.clip(5)]
    _, images = read(tiny.write(tmp_path / "a.avi", drawn))
    assert len(images) == len(drawn)
    for image, truth in zip(images, drawn, strict=True):
        assert np.abs(image.astype(int) - truth).mean() < 8


@pytest.mark.parametrize("ending", ["mp4", "mov"])
def test_what_an_edit_list_hides_is_not_missing(ending: str, tmp_path: Path) -> None:
    whole = tiny.encode(tmp_path / "whole.mp4", tiny.clip(40))
    video, images = read(containers.shifted(whole, tmp_path / f"edited.{ending}", 13))
    assert len(images) == 27
    assert (video.promised, video.lost, video.missing_at_end) == (27, 0, 0)
    assert np.abs(images[0].astype(int) - tiny.clip(14)[13]).mean() < 8


@pytest.mark.parametrize("form", ["plain.mp4", "turned.mp4", "uneven.mkv", "sound.mp4", "high.mkv"])
def test_both_ways_of_decoding_give_the_same_bytes(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / form
    if form == "turned.mp4":
        tiny.rotated(tiny.encode(path, tiny.clip(12)), 90)
    elif form == "uneven.mkv":
        tiny.encode(path, tiny.clip(12), times_s=[0.1 * k + 0.04 * (k % 3) for k in range(12)])
    elif form == "high.mkv":
        tiny.encode(path, tiny.clip(12), pix_fmt="yuv444p10le")
    else:
        containers.mux(path, Track(12), sound=form == "sound.mp4")
    by_opencv = list(Video(path).frames())
    monkeypatch.setattr(Video, "is_ordinary", lambda video: False)
    by_decoder = list(Video(path).frames())
    assert [(f.index, f.time_s) for f in by_opencv] == [(f.index, f.time_s) for f in by_decoder]
    assert all((a.image == b.image).all() for a, b in zip(by_opencv, by_decoder, strict=True))
