"""`extract_crops` from sources other than one plain file: folders of frames, patterns, odd containers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from agreid_cli.config.extract_crops import ExtractConfig
from agreid_cli.errors import InputError
from agreid_cli.records.crops import CROPS
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.video import extract_crops as stage
from agreid_cli.stages.video.extract_crops import ExtractResult
from agreid_cli.stages.video.jobs import Given
from tests.support import containers, tiny
from tests.support import frames as made
from tests.support.heard import Heard

CONFIG = ExtractConfig(every=5)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ExtractResult]:
    """Extract into `tmp_path/<name>` with the detector for drawn people."""

    def extract(*videos: Any, into: str = "w", finder: Any = None, **how: Any) -> ExtractResult:
        monkeypatch.setattr(stage, "load_networks", tiny.loader(finder))
        how.setdefault("config", CONFIG)
        how.setdefault("given", Given("cctv"))
        return stage.extract_crops(list(videos), Workspace(tmp_path / into), **how)

    return extract


def rows(workspace: Path) -> list[dict[str, Any]]:
    return CROPS.read(workspace / "crops" / "crops.parquet").to_pylist()


def test_a_sequence_gives_the_crops_of_the_same_frames_in_a_file(
    run: Callable[..., ExtractResult], tmp_path: Path
) -> None:
    sequence = made.sequence(tmp_path / "street", 0, length=30)
    for k, image in enumerate(tiny.clip(30)):
        cv2.imwrite(str(sequence / f"img1/{k + 1:06d}.png"), image)
    film = tiny.encode(tmp_path / "street.mkv", tiny.clip(30), codec="ffv1", pix_fmt="bgr0")
    result = run(sequence, into="frames")
    run(film, into="film")
    assert result.total > 0
    assert rows(tmp_path / "frames") == rows(tmp_path / "film")
    images = [tiny.tree(tmp_path / name / "crops/images") for name in ("frames", "film")]
    assert images[0] == images[1]
    assert (result.videos[0].video_id, result.videos[0].status) == ("street", "complete")
    assert result.videos[0].source["kind"] == "folder"


def test_every_way_of_naming_a_sequence_is_the_same_video(
    run: Callable[..., ExtractResult], tmp_path: Path
) -> None:
    sequence = made.sequence(tmp_path / "MOT17-02", 20)
    run(sequence)
    before = tiny.tree(tmp_path / "w")
    for form in ("img1", "img1/%06d.jpg", "img1/*.jpg"):
        assert run(sequence / form).skipped == ("MOT17-02",)
    assert tiny.tree(tmp_path / "w") == before


def test_an_interrupted_sequence_goes_on_to_the_same_bytes(
    run: Callable[..., ExtractResult], tmp_path: Path
) -> None:
    class Breaking(tiny.ColourFinder):
        def detect(self, frames: Any, imgsz: int) -> Any:
            if self.seen >= 30:
                raise KeyboardInterrupt
            return super().detect(frames, imgsz)

    paths = [made.sequence(tmp_path / "a", 20), made.sequence(tmp_path / "b", 18)]
    with pytest.raises(KeyboardInterrupt):
        run(*paths, finder=Breaking())
    run(*paths)
    run(*paths, into="whole")
    assert tiny.tree(tmp_path / "w") == tiny.tree(tmp_path / "whole")


def test_a_lost_image_is_warned_of_and_the_record_is_partial(
    run: Callable[..., ExtractResult], tmp_path: Path
) -> None:
    sequence = made.sequence(tmp_path / "s", 20)
    path = sequence / "img1/000012.jpg"
    path.write_bytes(path.read_bytes()[:400])
    heard = Heard()
    record = run(sequence, progress=heard).videos[0]
    assert (record.decoded, record.lost, record.status) == (19, 1, "partial")
    assert any("cannot be decoded: 000012.jpg" in warning for warning in heard.warnings)
    assert any("1 frames in the middle are lost" in warning for warning in heard.warnings)


def test_pictures_that_the_shell_spread_are_one_error(
    run: Callable[..., ExtractResult], tmp_path: Path
) -> None:
    folder = made.sequence(tmp_path / "s", 20) / "img1"
    film = tiny.write(tmp_path / "a.avi", tiny.clip(5))
    with pytest.raises(InputError, match="20 of the 21 paths are single images") as caught:
        run(film, *sorted(folder.iterdir()), given=Given("cctv", video_ids=("one",)))
    assert str(folder) in caught.value.hint
    assert not caught.value.problems
    with pytest.raises(InputError, match=r"000001\.jpg is a single image, not a recording"):
        run(folder / "000001.jpg")
    assert not (tmp_path / "w").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_named_pipe_is_listed_with_the_other_bad_videos(
    run: Callable[..., ExtractResult], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "live.mp4")
    with pytest.raises(InputError) as caught:
        run(tmp_path / "live.mp4", tmp_path / "none.mp4")
    assert "live.mp4 is a named pipe, not a file" in str(caught.value.problems[0])
    assert "none.mp4 does not exist" in str(caught.value.problems[1])


def test_what_a_container_holds_besides_the_film_is_said_and_recorded(
    run: Callable[..., ExtractResult], tmp_path: Path
) -> None:
    path = containers.mux(
        tmp_path / "dash.mkv", containers.COVER, containers.Track(30), containers.Track(30, (96, 72))
    )
    heard = Heard()
    result = run(path, progress=heard)
    assert (result.videos[0].width, result.videos[0].decoded) == (192, 30)
    assert (
        "reading stream 1 (h264, 192×144); left out: stream 2 (h264, 96×72), another video stream"
        in heard.notes[0]
    )
    record = json.loads((tmp_path / "w/crops/parts/dash.json").read_text())
    assert record["source"]["left_out"] == ["stream 2 (h264, 96×72)", "a picture (stream 0, mjpeg, 300×300)"]
    other = ExtractConfig(every=5, source={"stream": 2})
    small = run(path, config=other, given=Given("cctv", video_ids=("rear",)))
    assert small.videos[0].width == 96


def test_a_record_of_an_earlier_version_counts_as_finished(
    run: Callable[..., ExtractResult], tmp_path: Path
) -> None:
    film = tiny.write(tmp_path / "a.avi", tiny.clip(12))
    run(film)
    path = tmp_path / "w/crops/parts/a.json"
    record = json.loads(path.read_text())
    assert "source" not in record["inputs"]["config"]
    del record["source"]
    path.write_text(json.dumps(record))
    assert run(film).skipped == ("a",)


def test_limits_are_part_of_what_makes_the_crops(run: Callable[..., ExtractResult], tmp_path: Path) -> None:
    film = tiny.write(tmp_path / "a.avi", tiny.clip(30))
    short = ExtractConfig(every=5, source={"max_frames": 12})
    record = run(film, config=short).videos[0]
    assert (record.decoded, record.missing_at_end, record.status) == (12, 0, "complete")
    assert max(row["frame"] for row in rows(tmp_path / "w")) == 10
    with pytest.raises(InputError, match="made with other settings"):
        run(film)


@pytest.mark.slow
def test_the_real_sequences_of_mot17_become_crops(shared: Path, tmp_path: Path) -> None:
    sequences = sorted((shared / "mot17-mini").glob("MOT17-*"))
    config = ExtractConfig(every=1, detector={"weights": str(shared / "weights/yolov8n.pt"), "imgsz": 640})
    result = stage.extract_crops(
        sequences, Workspace(tmp_path / "w"), config=config, given=Given("cctv"), device="cpu"
    )
    assert [video.video_id for video in result.videos] == [path.name for path in sequences]
    for video, path in zip(result.videos, sequences, strict=True):
        assert video.decoded == len(list((path / "img1").iterdir()))
        assert video.crops > 0
        assert video.missing_at_end > 0, "seqinfo.ini tells the length of the whole sequence"
