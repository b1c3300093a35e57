"""File names with a special meaning for FFmpeg or OpenCV, and paths that are not regular files."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from agreid_cli.errors import InputError
from agreid_cli.records.files import sha256
from agreid_cli.records.regular import check_regular
from agreid_cli.vision.video import Video
from tests.support import tiny

NAMES = [
    "2026-01-05T14:30:05Z.mp4", "2026-01-05_14:30:05.mp4", "gate 50%d.mp4", "%03d.mp4", "%03d", "pipe:1",
    "concat:a.mp4", "file:x.mp4", "http:x.mp4", "rtsp:", "data:,x.mp4", "subfile,,start,0,end,9,,:x.mp4",
    "-i.mp4", "0", "video=0", "a?b*.mp4", "[x]{1..2}.mp4", "x|y.mp4", "#a.mp4", "tor-ü-門.mp4", "pipe:",
    "two\nlines.mp4", "é\udcff.mp4",
]  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems allow fewer names")
def test_every_name_of_a_file_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tiny.encode(tmp_path / "a.mp4", tiny.clip(3)).read_bytes()
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        Path(name).write_bytes(data)
        for path in (Path(name), tmp_path / name):
            assert len(list(Video(path).frames())) == 3, name


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_named_pipe_a_socket_and_a_device_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "s"))
        for path, kind in ((tmp_path / "pipe.mp4", "named pipe"), (tmp_path / "s", "socket"),
                           (Path("/dev/zero"), "device"), (tmp_path, "folder")):  # fmt: skip
            for check in (check_regular, Video, sha256):
                with pytest.raises(InputError, match=f"is a {kind}, not a"):
                    check(path)
    (tmp_path / "link").symlink_to(tmp_path / "pipe.mp4")
    with pytest.raises(InputError, match="named pipe"):
        Video(tmp_path / "link")


def test_a_path_that_cannot_be_one_is_said(tmp_path: Path) -> None:
    for path in ("a\0b.mp4", "x" * 5000):
        with pytest.raises(InputError, match="cannot read"):
            check_regular(path)
    with pytest.raises(InputError, match="does not exist"):
        check_regular(tmp_path / "none")
    (tmp_path / "real").write_bytes(b"1")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    check_regular(tmp_path / "link")


@pytest.mark.parametrize("name", ["frame.jpg", "frame.png", "frame.gif", "frame.mp4"])
def test_one_picture_is_no_recording(name: str, tmp_path: Path) -> None:
    from PIL import Image

    kind = None if name != "frame.mp4" else "JPEG"
    Image.fromarray(tiny.clip(1)[0][..., ::-1]).save(tmp_path / name, format=kind)
    with pytest.raises(InputError, match="is a single image, not a recording"):
        Video(tmp_path / name)


def test_a_moving_gif_is_a_recording(tmp_path: Path) -> None:
    from PIL import Image

    first, *more = [Image.fromarray(image[..., ::-1]) for image in tiny.clip(8)]
    first.save(tmp_path / "a.gif", save_all=True, append_images=more, duration=100)
    assert len(list(Video(tmp_path / "a.gif").frames())) == 8
