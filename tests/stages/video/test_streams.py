"""Streams of cameras on the loopback address: recorded in whole parts, cut off, reconnected, resumed."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from agreid_cli.config.extract_crops import ExtractConfig, SourceConfig
from agreid_cli.errors import InputError
from agreid_cli.records.crops import CROPS
from agreid_cli.records.recording import Recording
from agreid_cli.records.shard import Shard
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.video import extract_crops as stage
from agreid_cli.stages.video import recordings
from agreid_cli.stages.video.extract_crops import ExtractResult
from agreid_cli.stages.video.jobs import Given
from agreid_cli.vision.sources.playback import Playback
from tests.support import camera, containers, tiny
from tests.support.camera import Shown
from tests.support.forked import Warm, until
from tests.support.heard import Heard

QUICK = {"reconnect_s": 0.01, "reconnects": 2, "timeout_s": 5.0}


@pytest.fixture
def film(tmp_path: Path) -> bytes:
    """Forty frames as a transport stream, a key frame in every sixth."""
    return camera.transport_stream(tmp_path)


@pytest.fixture
def long_film(tmp_path: Path) -> bytes:
    """A hundred frames: more than FFmpeg reads before it says what a stream holds."""
    return camera.transport_stream(tmp_path, 100)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ExtractResult]:
    def extract(*addresses: str, into: str = "w", finder: Any = None, **how: Any) -> ExtractResult:
        monkeypatch.setattr(stage, "load_networks", tiny.loader(finder))
        config = ExtractConfig(every=5, source={**QUICK, **how.pop("source", {})})
        given = how.pop("given", Given("cctv"))
        return stage.extract_crops(addresses, Workspace(tmp_path / into), config=config, given=given, **how)

    return extract


def record(address: str, folder: Path, heard: Heard | None = None, **how: Any) -> Recording:
    config = SourceConfig(**{**QUICK, **how})
    return recordings.record_streams({address: folder}, config, heard or Heard())[address]


def crops(workspace: Path) -> list[dict[str, Any]]:
    return CROPS.read(workspace / "crops/crops.parquet").to_pylist()


def found(workspace: Path) -> dict[str, bytes]:
    """All that is there but the time at which the recording began."""
    return {k: v for k, v in tiny.tree(workspace).items() if not k.endswith("recording.json")}


@pytest.mark.parametrize("protocol", ["http", "rtsp"])
def test_a_stream_gives_the_crops_of_its_frames(
    protocol: str, run: Callable[..., ExtractResult], film: bytes, tmp_path: Path
) -> None:
    show = Shown(film, pause_s=0.001)
    with camera.http(cam=show) if protocol == "http" else camera.rtsp(show) as server:
        result = run(f"{server}/cam", source={"max_frames": 30})
    run(str(tmp_path / "camera.ts"), into="file", source={"max_frames": 30})
    assert result.total > 0
    video = result.videos[0]
    assert (video.decoded, video.lost, video.missing_at_end, video.status) == (30, 0, 0, "complete")
    assert video.source["address"] == f"{server}/cam"
    assert video.video_id.endswith("-cam")
    names = ("track_id", "frame", "time_s", "x1", "y1", "x2", "y2")
    a, b = ([[row[name] for name in names] for row in crops(tmp_path / into)] for into in ("w", "file"))
    assert a == b


def test_a_finished_stream_is_not_asked_again_and_stays_as_it_is(
    run: Callable[..., ExtractResult], film: bytes, tmp_path: Path
) -> None:
    show = Shown(film)
    with camera.http(cam=show) as server:
        run(f"{server}/cam", source={"max_frames": 30})
        before = tiny.tree(tmp_path / "w")
        heard = Heard()
        assert run(f"{server}/cam", source={"max_frames": 30}, progress=heard).skipped
    assert show.asked == 1
    assert tiny.tree(tmp_path / "w") == before
    assert "already recorded, 30 frames, 3.0 s" in heard.notes[0]


def test_an_interrupted_extraction_goes_on_from_the_recording_to_the_same_bytes(
    run: Callable[..., ExtractResult], film: bytes, tmp_path: Path
) -> None:
    class Breaking(tiny.ColourFinder):
        def detect(self, frames: Any, imgsz: int) -> Any:
            if self.seen >= 12:
                raise KeyboardInterrupt
            return super().detect(frames, imgsz)

    show = Shown(film)
    with camera.http(cam=show) as server:
        with pytest.raises(KeyboardInterrupt):
            run(f"{server}/cam", finder=Breaking())
        assert not (tmp_path / "w/crops/crops.parquet").exists()
        kept = tiny.tree(tmp_path / "w/crops/recordings")
        run(f"{server}/cam")
        assert show.asked == 1, "a stream cannot be replayed: the recording is read"
        run(f"{server}/cam", into="whole")
    assert found(tmp_path / "w") == found(tmp_path / "whole")
    assert tiny.tree(tmp_path / "w/crops/recordings") == kept


def test_a_recording_that_is_interrupted_keeps_its_frames_and_goes_on_behind_them(
    long_film: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    show = Shown(long_film, waits_at=len(long_film) * 3 // 4)
    with camera.http(cam=show) as server:
        first = recordings.Recorder(f"{server}/cam", tmp_path / "r", SourceConfig(**QUICK, max_frames=150))
        thread = threading.Thread(target=first.run, args=(stop,))
        thread.start()
        while first.frames < 10:
            time.sleep(0.005)
        stop.set()
        show.go.set()
        thread.join()
        kept = Recording.read(tmp_path / "r")
        assert 10 <= kept.frames < 100
        assert not list((tmp_path / "r").glob(".*"))
        data = (tmp_path / "r" / kept.parts[0].file).read_bytes()
        whole = record(f"{server}/cam", tmp_path / "r", max_frames=150)
    assert whole.parts[0] == kept.parts[0]
    assert (tmp_path / "r" / kept.parts[0].file).read_bytes() == data
    assert whole.frames == 150
    assert whole.parts[1].start_s >= kept.parts[0].start_s + kept.parts[0].seconds - 1e-6


def test_a_stream_without_limit_that_was_interrupted_is_what_was_captured(
    long_film: bytes, tmp_path: Path
) -> None:
    stop = threading.Event()
    show = Shown(long_film, waits_at=len(long_film) * 3 // 4)
    with camera.http(cam=show) as server:
        recorder = recordings.Recorder(f"{server}/cam", tmp_path / "r", SourceConfig(**QUICK))
        thread = threading.Thread(target=recorder.run, args=(stop,))
        thread.start()
        while recorder.frames < 10:
            time.sleep(0.005)
        stop.set()
        show.go.set()
        thread.join()
        again = record(f"{server}/cam", tmp_path / "r")
    assert again == Recording.read(tmp_path / "r")
    assert again.connections == 1


def test_the_open_part_of_a_killed_run_is_dropped_and_whole_parts_stay(
    film: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "PART_S", 1.0)
    with camera.http(cam=Shown(film)) as server:
        whole = record(f"{server}/cam", tmp_path / "r")
        assert [part.frames for part in whole.parts] == [12, 12, 12, 4]
        assert [part.start_s for part in whole.parts] == pytest.approx([0, 1.2, 2.4, 3.6])
        # as a kill -9 during the third part leaves it
        tree = json.loads((tmp_path / "r/recording.json").read_text())
        tree["parts"], tree["ended"] = tree["parts"][:2], False
        (tmp_path / "r/recording.json").write_text(json.dumps(tree))
        (tmp_path / "r" / whole.parts[2].file).rename(tmp_path / "r/.part-00003.mkv.tmp")
        longer = record(f"{server}/cam", tmp_path / "r", max_frames=30)
    assert longer.parts[:2] == whole.parts[:2]
    assert longer.frames == 30
    counted = {part.file for part in longer.parts} | {"recording.json"}
    assert {path.name for path in (tmp_path / "r").iterdir()} == counted


def test_parts_play_as_one_film(film: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "PART_S", 1.0)
    with camera.http(cam=Shown(film)) as server:
        record(f"{server}/cam", tmp_path / "r")
    source = Playback(tmp_path / "r")
    frames = list(source.frames())
    assert [frame.index for frame in frames] == list(range(40))
    assert [frame.time_s for frame in frames] == pytest.approx([k / 10 for k in range(40)])
    assert (source.decoded, source.lost, source.missing_at_end) == (40, 0, 0)
    for frame, drawn in zip(frames, tiny.clip(40), strict=True):
        assert abs(frame.image.astype(int) - drawn).mean() < 8


def test_a_line_that_breaks_is_opened_again(film: bytes, tmp_path: Path) -> None:
    show = Shown(film, drop_at={1: len(film) // 2, 2: 0})
    heard = Heard()
    with camera.rtsp(show) as server:
        whole = record(f"{server}/cam", tmp_path / "r", heard, max_frames=45)
    assert show.asked == 3
    assert (whole.frames, whole.connections) == (45, 2)
    assert heard.warnings == []
    assert "recorded in 2 connections" in Playback(tmp_path / "r").notes()[0]


def test_a_camera_that_stays_away_ends_the_recording_with_a_warning(film: bytes, tmp_path: Path) -> None:
    heard = Heard()
    show = Shown(film, drop_at={1: len(film) // 2, 2: 0, 3: 0, 4: 0})
    with camera.http(cam=show) as server:
        part = record(f"{server}/cam", tmp_path / "r", heard, max_seconds=60)
    assert show.asked == 4
    assert 10 < part.frames < 40
    assert f"lost after {part.frames} frames, " in heard.warnings[0]


def test_a_silent_camera_is_lost_after_the_time_out(film: bytes, tmp_path: Path) -> None:
    with (
        camera.http(cam=Shown(film, pause_s=30)) as server,
        pytest.raises(InputError, match="cannot be recorded"),
    ):
        record(f"{server}/cam", tmp_path / "r", timeout_s=0.5)


def test_a_stream_without_timestamps_is_refused_with_what_to_do(tmp_path: Path) -> None:
    raw = tiny.encode(tmp_path / "a.h264", tiny.clip(40)).read_bytes()
    with camera.http(cam=Shown(raw)) as server, pytest.raises(InputError) as caught:
        record(f"{server}/cam", tmp_path / "r")
    assert "its packets have no timestamps. Serve it by RTSP or as MPEG-TS" in str(caught.value)


@pytest.mark.parametrize(("deinterlace", "done"), [("auto", "deinterlaced"), ("off", "left interlaced")])
def test_the_record_of_a_stream_says_whether_it_was_deinterlaced(
    deinterlace: str, done: str, tmp_path: Path
) -> None:
    options = {"x264-params": "tff=1"}
    film = tiny.encode(tmp_path / "a.ts", containers.woven(), options=options).read_bytes()
    with camera.http(cam=Shown(film)) as server:
        record(f"{server}/cam", tmp_path / "r")
    source = Playback(tmp_path / "r", deinterlace=deinterlace)
    assert len(list(source.frames())) == 12
    assert f"its frames are interlaced: {done}" in source.notes()
    assert source.facts()["interlaced"]
    assert source.facts()["deinterlaced"] == (deinterlace == "auto")


def test_a_stream_with_oblong_pixels_says_that_it_is_stretched(tmp_path: Path) -> None:
    film = containers.anamorphic(tmp_path / "a.ts", Fraction(3, 2)).read_bytes()
    with camera.http(cam=Shown(film)) as server:
        record(f"{server}/cam", tmp_path / "r")
    source = Playback(tmp_path / "r")
    assert source.size == (288, 144)
    assert "its pixels are not square (3:2): frames of 192×144 are stretched to 288×144" in source.notes()


def test_pictures_that_come_one_by_one_have_the_times_of_their_coming(tmp_path: Path) -> None:
    with camera.http(cam=Shown(jpegs=camera.jpegs(20), pause_s=0.05)) as server:
        record(f"{server}/cam", tmp_path / "r", max_frames=20)
    frames = list(Playback(tmp_path / "r").frames())
    assert [frame.index for frame in frames] == list(range(20))
    assert 0.05 * 10 < (frames[-1].time_s or 0) < 10
    for frame, drawn in zip(frames, tiny.clip(20), strict=True):
        assert abs(frame.image.astype(int) - drawn).mean() < 8


def test_a_file_at_the_other_end_is_fetched_to_its_end_and_again_from_its_beginning(
    film: bytes, tmp_path: Path
) -> None:
    show = Shown(film, length=True, drop_at={1: len(film) // 2})
    with camera.http(cam=show) as server:
        whole = record(f"{server}/cam", tmp_path / "r")
        record(f"{server}/cam", tmp_path / "s")
    assert (whole.frames, whole.finite, whole.ended) == (40, True, True)
    assert len(whole.parts) == 1
    assert found(tmp_path / "r") == found(tmp_path / "s")


def test_in_a_shard_a_damaged_file_does_not_stop_a_stream(
    run: Callable[..., ExtractResult], film: bytes, tmp_path: Path
) -> None:
    (tmp_path / "bad.avi").write_bytes(b"RIFF nothing")
    files = (str(tmp_path / "bad.avi"),)
    given = Given("cctv", video_ids=("cam", "bad"))
    with camera.http(cam=Shown(film)) as server:
        with pytest.raises(InputError, match="1 of 2 videos failed; the others are finished") as caught:
            run(f"{server}/cam", *files, given=given, shard=Shard(1, 1))
        assert caught.value.problems[0].where == "bad"
        assert (tmp_path / "w/crops/parts/cam.json").is_file()
        with pytest.raises(InputError, match="the protocol 'ftp' is not supported"):
            run("ftp://127.0.0.1/cam", *files, given=given, shard=Shard(1, 1))


def test_two_streams_are_recorded_at_the_same_time(
    run: Callable[..., ExtractResult], film: bytes, tmp_path: Path
) -> None:
    """Each camera stays silent until the other one is asked too, so one after the other would time out."""
    a, b = Shown(film, waits_at=0), Shown(film, waits_at=0)
    a.go, b.go = b.seen, a.seen
    with camera.http(a=a, b=b) as server:
        result = run(f"{server}/a", f"{server}/b", given=Given("cctv", video_ids=("a", "b")))
    assert [video.decoded for video in result.videos] == [40, 40]
    assert (a.asked, b.asked) == (1, 1)


def test_streams_that_cannot_be_had_are_listed_and_secrets_are_not_shown(
    run: Callable[..., ExtractResult], tmp_path: Path
) -> None:
    with camera.http() as server, pytest.raises(InputError) as caught:
        address = server.replace("//", "//admin:geheim@")
        run(f"{address}/none?token=geheim", "rtsp://127.0.0.1:9/stream")
    said = str(caught.value)
    assert "2 of the streams cannot be recorded" in said
    assert f"{server}/none cannot be recorded: server returned 404 Not Found" in said
    assert "rtsp://127.0.0.1:9/stream cannot be recorded: connection refused" in said
    assert "geheim" not in said
    with pytest.raises(InputError, match="the protocol 'ftp' is not supported"):
        run("ftp://127.0.0.1/a.mp4")
    with pytest.raises(InputError, match="not exist"):
        run("rtsp://127.0.0.1:9/stream", str(tmp_path / "none.mp4"))


def test_the_address_in_the_files_is_without_secrets(
    run: Callable[..., ExtractResult], film: bytes, tmp_path: Path
) -> None:
    with camera.http(cam=Shown(film)) as server:
        run(f"{server.replace('//', '//admin:geheim@')}/cam?token=geheim", source={"max_frames": 12})
    assert all(b"geheim" not in data for data in tiny.tree(tmp_path / "w").values())
    assert all("geheim" not in name for name in tiny.tree(tmp_path / "w"))


def test_ctrl_c_keeps_the_recording_and_the_same_command_cuts_its_crops(
    long_film: bytes, tmp_path: Path, warm: Warm
) -> None:
    show = Shown(long_film, waits_at=len(long_film) * 3 // 4)
    with camera.http(cam=show) as server:
        words = ("extract-crops", f"{server}/cam", "--platform", "cctv", "--every", "5", "--video-id", "cam",
                 "-w", "w")  # fmt: skip
        stopped = warm.start(*words, cwd=tmp_path)
        until(lambda: bool(list((tmp_path / "w/crops/recordings").glob("cam/.part*"))), stopped)
        os.kill(stopped.pid, signal.SIGINT)
        show.pause_s = 0.2
        show.go.set()
        assert warm.wait(stopped) == 130
        assert "Traceback" not in stopped.stderr
        kept = Recording.read(tmp_path / "w/crops/recordings/cam")
        assert 0 < kept.frames < 100
        code, _, err = warm.run(*words, cwd=tmp_path)
    assert code == 0, err
    assert "already recorded" in err
    assert {row["video_id"] for row in crops(tmp_path / "w")} <= {"cam"}
    record = json.loads((tmp_path / "w/crops/parts/cam.json").read_text())
    assert record["decoded"] == kept.frames
