"""Recordings as folders of images: reading order, frame numbers, and errors."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from agreid_cli.config.extract_crops import SourceConfig
from agreid_cli.errors import InputError
from agreid_cli.vision.sources import kind_of, open_source
from agreid_cli.vision.sources.folder import FrameFolder
from agreid_cli.vision.sources.numbering import find, recording_name
from agreid_cli.vision.sources.source import Frame
from tests.support import frames as made
from tests.support import tiny


def read(path: Path, **how: object) -> tuple[FrameFolder, list[Frame]]:
    source = FrameFolder(path, **how)  # type: ignore[arg-type]
    return source, list(source.frames())


@pytest.mark.parametrize(
    "form", ["", "img1", "img1/%06d.jpg", "img1/*.jpg", "img1/0000??.jpg", "img1/%d.jpg"]
)
def test_a_sequence_is_one_recording_however_it_is_named(form: str, tmp_path: Path) -> None:
    path = made.sequence(tmp_path / "MOT17-02") / form
    assert kind_of(path) == "folder"
    assert recording_name(path) == "MOT17-02"
    source, found = read(path)
    assert (source.size, source.fps, source.promised) == (tiny.SIZE, 10, 20)
    assert [frame.index for frame in found] == list(range(20))
    assert [frame.time_s for frame in found] == pytest.approx([k / 10 for k in range(20)])
    assert (source.decoded, source.lost, source.missing_at_end) == (20, 0, 0)
    for frame, drawn in zip(found, tiny.clip(20), strict=True):
        assert np.abs(frame.image.astype(int) - drawn).mean() < 8
    assert source.notes() == []


def test_pixels_are_those_that_the_image_holds(tmp_path: Path) -> None:
    made.folder(tmp_path / "v", range(1, 4), "{}.png")
    _, found = read(tmp_path / "v", fps=5)
    assert all((frame.image == drawn).all() for frame, drawn in zip(found, tiny.clip(3), strict=True))
    grey = np.arange(0, 65536, 64, dtype=np.uint16).reshape(32, 32)
    (tmp_path / "deep").mkdir()
    cv2.imwrite(str(tmp_path / "deep/1.png"), grey)
    image = read(tmp_path / "deep")[1][0].image
    assert np.abs(image - (grey / 257)[..., None]).max() <= 1


def test_names_without_padding_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    source, found = read(made.folder(tmp_path / "clip", range(8, 13), "frame {}.jpg"), fps=10)
    assert [frame.index for frame in found] == [0, 1, 2, 3, 4]
    assert [path.stem for path in find(tmp_path / "clip").paths] == [f"frame {k}" for k in range(8, 13)]
    assert "its first image has the number 8, which becomes frame 0" in source.notes()


def test_missing_numbers_and_broken_images_are_lost_frames(tmp_path: Path) -> None:
    path = made.folder(tmp_path / "v", [1, 2, 3, 6, 7, 8])
    data = (path / "000007.jpg").read_bytes()
    (path / "000007.jpg").write_bytes(data[: len(data) // 2])
    source, found = read(path, fps=10)
    assert [frame.index for frame in found] == [0, 1, 2, 5, 7]
    assert (source.decoded, source.lost, source.missing_at_end) == (5, 3, 0)
    assert "images that cannot be decoded: 000007.jpg" in source.notes()
    assert source.facts()["broken"] == ["000007.jpg"]


def test_a_sequence_shorter_than_seqinfo_says_is_missing_its_end(tmp_path: Path) -> None:
    source, found = read(made.sequence(tmp_path / "MOT17-02", 8, length=600))
    assert (len(found), source.promised, source.missing_at_end) == (8, 600, 592)


def test_every_fifth_frame_keeps_the_time_of_the_film(tmp_path: Path) -> None:
    path = made.sequence(tmp_path / "s", 0, fps=30, length=25)
    made.folder(path / "img1", range(1, 22, 5))
    source, found = read(path)
    assert (source.fps, source.promised) == (6, 5)
    assert [frame.index for frame in found] == [0, 1, 2, 3, 4]
    assert found[-1].time_s == pytest.approx(20 / 30, abs=1e-5)
    assert "its numbers increase by 5: each image is the next frame" in source.notes()


def test_timestamps_are_no_frame_numbers(tmp_path: Path) -> None:
    path = tmp_path / "cam0"
    path.mkdir()
    stamps = [1403636579763555584 + 50000000 * k + k % 3 for k in range(6)]
    for k, stamp in enumerate(stamps):
        cv2.imwrite(str(path / f"{stamp}.png"), tiny.draw(tiny.walkers(), k))
    source, found = read(path)
    assert [frame.index for frame in found] == list(range(6))
    assert any("too far apart to be frame numbers" in note for note in source.notes())
    assert {frame.time_s for frame in found} == {None}
    assert any("no frame rate is stated" in note for note in source.notes())


def test_two_recordings_in_one_folder_are_refused_and_can_be_named(tmp_path: Path) -> None:
    for name in ("cam1_{:04d}.jpg", "cam2_{:04d}.jpg", "gate-{}.jpg"):
        made.folder(tmp_path / "frames", range(1, 5), name)
    with pytest.raises(InputError, match="2 kinds of names") as caught:
        FrameFolder(tmp_path / "frames")
    assert "cam1_%04d.jpg" in caught.value.hint
    (tmp_path / "frames/gate-1.jpg").unlink()
    source, found = read(tmp_path / "frames/cam2_%04d.jpg", fps=10)
    assert len(found) == 4
    assert source.notes() == [f"files in {tmp_path / 'frames'} that are not read: 7 .jpg"]
    assert recording_name(tmp_path / "frames/cam2_%04d.jpg").endswith("-cam2")
    with pytest.raises(InputError, match="kinds of names"):
        FrameFolder(made.folder(made.folder(tmp_path / "b", [1, 2], "1_{}.jpg"), [1, 2], "2_{}.jpg"))


def test_images_of_two_sizes_are_no_one_recording(tmp_path: Path) -> None:
    path = made.folder(tmp_path / "v", range(1, 5))
    cv2.imwrite(str(path / "000009.jpg"), np.zeros((10, 20, 3), np.uint8))
    with pytest.raises(InputError, match=r"images of 2 sizes.*192×144: 4 \(000001.jpg\); 20×10: 1"):
        FrameFolder(path)


def test_a_phone_that_was_turned_gives_upright_frames(tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    for k, drawn in enumerate(tiny.clip(3)):
        Image.fromarray(drawn[..., ::-1]).save(tmp_path / f"v/{k}.png", exif=exif)
    source, found = read(tmp_path / "v")
    assert source.size == (144, 192)
    assert (found[0].image == np.rot90(tiny.clip(1)[0], 3)).all()


def test_damaged_exif_does_not_stop_a_recording(tmp_path: Path) -> None:
    path = made.folder(tmp_path / "v", range(1, 4))
    # the orientation (0x0112) as text (type 2), where a number belongs
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x04\0\0\0abc\0\0\0\0\0"
    Image.fromarray(tiny.clip(1)[0][..., ::-1]).save(path / "000004.jpg", exif=exif)
    _, found = read(path, fps=10)
    assert [frame.index for frame in found] == [0, 1, 2, 3]


def test_frames_of_16_bits_are_said_to_be_converted(tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    for k, drawn in enumerate(tiny.clip(3)):
        cv2.imwrite(str(tmp_path / f"v/{k}.png"), drawn.astype(np.uint16) * 16)
    source, found = read(tmp_path / "v", fps=10)
    assert len(found) == 3
    assert source.notes() == ["3 images converted: 12 of 16 bits"]
    assert source.facts()["converted"] == {"12 of 16 bits": 3}


@pytest.mark.parametrize("own", [True, False], ids=["images of its own", "img1"])
def test_other_folders_of_images_are_named(own: bool, tmp_path: Path) -> None:
    path = tmp_path / "v"
    for name in (() if own else ("img1",)) + ("masks", "thermal"):
        made.folder(path / name, range(1, 4))
    if own:
        made.folder(path, range(1, 4))
    source, found = read(path, fps=10)
    assert len(found) == 3
    assert source.notes() == [f"folders of images in {path} that are not read: masks, thermal"]
    assert source.facts()["left_out"] == ["masks", "thermal"]


def test_other_files_are_counted_and_litter_is_not(tmp_path: Path) -> None:
    path = made.folder(tmp_path / "v", range(1, 4))
    for name in ("a.txt", "b.txt", "notes", ".DS_Store", "Thumbs.db"):
        (path / name).write_text("x")
    source, _ = read(path, fps=10)
    assert source.notes() == [f"files in {path} that are not read: 2 .txt, 1 notes"]
    assert source.facts()["left_out"] == ["2 .txt", "1 notes"]


def test_folders_that_are_no_recording_say_what_to_give(tmp_path: Path) -> None:
    for name in ("MOT17-02", "MOT17-04"):
        made.sequence(tmp_path / "train" / name, 2)
    with pytest.raises(InputError, match="contains 2 recordings: MOT17-02, MOT17-04") as caught:
        FrameFolder(tmp_path / "train")
    assert str(tmp_path / "train/*") in caught.value.hint
    (tmp_path / "films").mkdir()
    tiny.write(tmp_path / "films/a.avi", tiny.clip(2))
    wanted = r"a folder without images, not a video; it contains a\.avi"
    with pytest.raises(InputError, match=wanted) as caught:
        FrameFolder(tmp_path / "films")
    assert str(tmp_path / "films/*.avi") in caught.value.hint
    with pytest.raises(InputError, match=r"matches files that are not images: a\.avi"):
        FrameFolder(tmp_path / "films/*.avi")
    with pytest.raises(InputError, match=r"matches no file"):
        FrameFolder(tmp_path / "films/%06d.jpg")
    with pytest.raises(InputError, match="is not a folder"):
        FrameFolder(tmp_path / "none/%06d.jpg")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_among_the_images_is_refused(tmp_path: Path) -> None:
    path = made.folder(tmp_path / "v", range(1, 4))
    os.mkfifo(path / "000002.jpeg")
    with pytest.raises(InputError, match=r"kinds of names|named pipe"):
        FrameFolder(path)
    with pytest.raises(InputError, match="named pipe"):
        FrameFolder(path / "*2.jpeg")


def test_the_digest_is_over_names_bytes_and_rate(tmp_path: Path) -> None:
    a, b = made.sequence(tmp_path / "a", 3), made.sequence(tmp_path / "b", 3)
    before = FrameFolder(a).sha256()
    assert FrameFolder(b).sha256() == before
    (b / "seqinfo.ini").write_text(made.SEQINFO.format(fps=25, length=3))
    (a / "img1/000002.jpg").write_bytes((a / "img1/000001.jpg").read_bytes())
    assert len({before, FrameFolder(a).sha256(), FrameFolder(b).sha256()}) == 3


def test_limits_end_a_recording_early(tmp_path: Path) -> None:
    path = made.sequence(tmp_path / "s", 20, fps=10)
    for how, frames in (({"max_frames": 7}, 7), ({"max_seconds": 0.5}, 5), ({"max_seconds": 99}, 20)):
        source = open_source("folder", path, SourceConfig(**how))
        assert source.promised == frames
        assert len(list(source.frames())) == frames
        assert (source.decoded, source.missing_at_end) == (frames, 0)
    with pytest.raises(InputError, match="states no frame rate"):
        open_source("folder", made.folder(tmp_path / "bare"), SourceConfig(max_seconds=1))


@given(st.lists(st.integers(0, 400), min_size=1, max_size=12, unique=True), st.integers(1, 6))
def test_every_image_is_read_once_in_the_order_of_its_number(numbers: list[int], width: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        for number in numbers:
            (Path(place) / f"f{number:0{width}d}.jpg").write_bytes(b"x")
        found = find(Path(place))
        assert [int(path.stem[1:]) for path in found.paths] == sorted(numbers)
        assert list(found.indices) == sorted(set(found.indices))
        assert found.indices[0] == 0
        slow = [(n - min(numbers)) // found.step for n in sorted(numbers)]
        sparse = any("too far apart" in note for note in found.notes)
        assert list(found.indices) == (list(range(len(numbers))) if sparse else slow)
