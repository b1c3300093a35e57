"""Opening and reading videos: valid ones in many formats, damaged ones, and other files."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from agreid_cli.errors import InputError
from agreid_cli.vision import video as video_module
from agreid_cli.vision.video import PATIENCE, Frame, Video
from tests.support import tiny


def read(path: Path) -> tuple[Video, list[Frame]]:
    video = Video(path)
    frames = list(video.frames())
    video.close()
    return video, frames


def grey(frames: list[np.ndarray]) -> list[np.ndarray]:
    return [frame[..., 0] for frame in frames]


def half_clear(frames: list[np.ndarray]) -> list[np.ndarray]:
    return [np.dstack([frame, np.full(frame.shape[:2], 128, np.uint8)]) for frame in frames]


FORMS: dict[str, Callable[[Path], Path]] = {
    "motion JPEG": lambda p: tiny.write(p / "a.avi", tiny.clip(12)),
    "MPEG-4": lambda p: tiny.write(p / "a.mp4", tiny.clip(12), codec="mp4v"),
    "H.264": lambda p: tiny.encode(p / "a.mp4", tiny.clip(12)),
    "H.264 in Matroska": lambda p: tiny.encode(p / "a.mkv", tiny.clip(12)),
    "H.264 in a transport stream": lambda p: tiny.encode(p / "a.ts", tiny.clip(12)),
    "ten bits": lambda p: tiny.encode(p / "a.mp4", tiny.clip(12), pix_fmt="yuv420p10le"),
    "grey": lambda p: tiny.encode(p / "a.mkv", grey(tiny.clip(12)), codec="ffv1", pix_fmt="gray"),
    "alpha": lambda p: tiny.encode(p / "a.mov", half_clear(tiny.clip(12)), codec="png", pix_fmt="rgba"),
    "portrait": lambda p: tiny.write(p / "a.avi", tiny.clip(12, size=(144, 192))),
    "odd": lambda p: tiny.encode(p / "a.mkv", tiny.clip(12, size=(181, 133)), codec="ffv1", pix_fmt="bgr0"),
}
SIZES = {"portrait": (144, 192), "odd": (181, 133)}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_comes_out_as_blue_green_red_bytes(form: str, tmp_path: Path) -> None:
    video, frames = read(FORMS[form](tmp_path))
    size = SIZES.get(form, tiny.SIZE)
    assert video.size == size
    assert [frame.index for frame in frames] == list(range(12))
    assert [frame.time_s for frame in frames] == pytest.approx([i / 10 for i in range(12)])
    assert (video.decoded, video.lost, video.missing_at_end) == (12, 0, 0)
    for frame, drawn in zip(frames, tiny.clip(12, size=size), strict=True):
        assert frame.image.dtype == np.uint8
        truth = drawn if form != "grey" else np.repeat(drawn[..., :1], 3, axis=2)
        assert frame.image.shape == truth.shape
        assert np.abs(frame.image.astype(int) - truth).mean() < 8


@pytest.mark.parametrize(("degrees", "turns"), [(90, 3), (180, 2), (270, 1)])
def test_a_turned_recording_is_read_as_it_is_shown(degrees: int, turns: int, tmp_path: Path) -> None:
    path = tiny.rotated(tiny.encode(tmp_path / "phone.mp4", tiny.clip(5)), degrees)
    video, frames = read(path)
    upright = np.rot90(tiny.clip(1)[0], turns)
    assert video.size == (upright.shape[1], upright.shape[0])
    assert np.abs(frames[0].image.astype(int) - upright).mean() < 8


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts"])
def test_a_variable_frame_rate_keeps_its_own_times_and_loses_nothing(ending: str, tmp_path: Path) -> None:
    times = np.cumsum([0.5 if i % 7 == 1 else 0.04 for i in range(40)]) - 0.04
    video, frames = read(tiny.encode(tmp_path / f"a.{ending}", tiny.clip(40), times_s=times.tolist()))
    assert [frame.time_s for frame in frames] == pytest.approx(times.tolist(), abs=0.002)
    assert [frame.index for frame in frames] == list(range(40))
    assert (video.lost, video.missing_at_end) == (0, 0)


def test_a_raw_stream_without_count_and_times_is_read_to_its_end(tmp_path: Path) -> None:
    video, frames = read(tiny.encode(tmp_path / "a.h264", tiny.clip(30)))
    assert video.promised is None
    assert len(frames) == 30
    assert [frame.time_s for frame in frames] == pytest.approx([i / (video.fps or 0) for i in range(30)])
    assert video.missing_at_end == 0


def test_a_cut_file_keeps_what_decodes_and_counts_the_rest(tmp_path: Path) -> None:
    path = tiny.encode(tmp_path / "a.mp4", tiny.clip(60), container={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    video, frames = read(path)
    assert 0 < len(frames) < 50
    assert video.promised == 60
    assert video.decoded + video.lost + video.missing_at_end == 60
    assert video.missing_at_end > 5


def damaged(path: Path, start: float = 0.45, end: float = 0.55) -> Path:
    """Noise over a part of the file's bytes."""
    data = bytearray(path.read_bytes())
    a, b = int(len(data) * start), int(len(data) * end)
    data[a:b] = np.random.default_rng(0).integers(0, 256, b - a, dtype=np.uint8).tobytes()
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts"])
def test_frames_behind_a_corrupt_stretch_keep_their_numbers(ending: str, tmp_path: Path) -> None:
    """Each container loses frames in its own way; afterwards the drawn people stand where they should."""
    options = {"movflags": "faststart"} if ending == "mp4" else {}
    path = damaged(tiny.encode(tmp_path / f"a.{ending}", tiny.clip(90), container=options))
    video, frames = read(path)
    assert frames[-1].index == 89
    assert video.lost >= 5
    assert video.decoded + video.lost == 90
    numbers = [frame.index for frame in frames]
    assert numbers == sorted(set(numbers))
    for frame in frames[-5:]:
        drawn = tiny.draw(tiny.walkers(), frame.index)
        assert np.abs(frame.image.astype(int) - drawn).mean() < 8
        assert frame.time_s == pytest.approx(frame.index / 10, abs=0.002)


def test_reading_goes_on_past_failures_and_stops_after_patience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenCV's silent stop: a grab that fails, with good frames behind it."""
    fates = iter([True] * 3 + [False] * (PATIENCE - 1) + [True] * 2 + [False] * 10**6)
    grabs = 0

    class Flaky:
        def __init__(self, path: str, backend: int) -> None: ...

        def isOpened(self) -> bool:  # noqa: N802
            return True

        def get(self, prop: int) -> float:
            return {cv2.CAP_PROP_FPS: 10.0, cv2.CAP_PROP_FRAME_COUNT: 1e6}.get(prop, 0.0)

        def grab(self) -> bool:
            nonlocal grabs
            grabs += 1
            return next(fates)

        def retrieve(self) -> tuple[bool, np.ndarray]:
            return True, np.full((8, 8, 3), grabs % 255 + 1, np.uint8)

        def release(self) -> None: ...

    monkeypatch.setattr(video_module.cv2, "VideoCapture", Flaky)
    video, frames = read(tiny.write(tmp_path / "a.avi", tiny.clip(2)))
    assert [frame.index for frame in frames] == [0, 1, 2, 3 + PATIENCE - 1, 4 + PATIENCE - 1]
    assert video.lost == PATIENCE - 1
    assert video.missing_at_end == 10**6 - frames[-1].index - 1
    assert grabs == 5 + PATIENCE - 1 + PATIENCE


@pytest.mark.parametrize("n", [1, 2])
def test_very_short_clips_are_videos(n: int, tmp_path: Path) -> None:
    video, frames = read(tiny.encode(tmp_path / "a.mp4", tiny.clip(n)))
    assert len(frames) == n
    assert video.missing_at_end == 0


def no_moov(path: Path) -> None:
    tiny.encode(path, tiny.clip(20))
    path.write_bytes(path.read_bytes()[:2000])


def nothing_decodes(path: Path) -> None:
    """Headers that promise frames, and zeros where the pictures should be."""
    tiny.encode(path, tiny.clip(20), container={"movflags": "faststart"})
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = bytes(len(data) - start)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "is a folder, not a video"),
        (lambda path: path.write_text("not a video at all"), "is not a video that FFmpeg can open"),
        (lambda path: path.write_bytes(b""), "is empty (0 bytes)"),
        (no_moov, "is not a video that FFmpeg can open"),
        (nothing_decodes, "not one frame can be decoded (codec h264)"),
    ],
    ids=["missing", "folder", "text", "empty", "no moov", "nothing decodes"],
)
def test_what_is_no_video_is_said_in_one_sentence(
    make: Callable[[Path], object], said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.mp4"
    make(path)
    with pytest.raises(InputError) as caught:
        Video(path)
    assert said in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.hint
    assert capfd.readouterr().out == ""


def test_an_unreadable_file_is_an_input_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tiny.write(tmp_path / "a.avi", tiny.clip(2))

    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(InputError, match="Permission denied"):
        Video(path)


def test_the_video_file_is_left_as_it_was(tmp_path: Path) -> None:
    path = tiny.write(tmp_path / "a.avi", tiny.clip(5))
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    read(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
