"""The output of `extract_crops` in a workspace (crops, table, records), and its errors."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from agreid_cli.config.extract_crops import ExtractConfig
from agreid_cli.errors import AgreidError, InputError, UsageError
from agreid_cli.progress import Task
from agreid_cli.records.crops import CROPS
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.video import extract_crops as stage
from agreid_cli.stages.video import parts as video_parts
from agreid_cli.stages.video.extract_crops import ExtractResult
from agreid_cli.stages.video.jobs import Given, plan
from tests.support import tiny
from tests.support.tables import write_crops

CONFIG = ExtractConfig(every=5)


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.advanced = 0

    @contextmanager
    def task(self, label: str, total: int | None, unit: str) -> Any:
        yield self

    def advance(self, n: int = 1, **figures: int | float | str) -> None:
        self.advanced += n
        self.figures = figures

    def note(self, text: str) -> None:
        self.notes.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


_: type[Task] = Heard


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ExtractResult]:
    """Extract into `tmp_path/<name>` with the detector for drawn people."""

    def extract(*videos: Path, into: str = "workspace", finder: Any = None, **how: Any) -> ExtractResult:
        monkeypatch.setattr(stage, "load_networks", tiny.loader(finder, batch=how.pop("batch", 1)))
        how.setdefault("config", CONFIG)
        how.setdefault("given", Given("cctv"))
        return stage.extract_crops(list(videos), Workspace(tmp_path / into), **how)

    return extract


@pytest.fixture
def street(tmp_path: Path) -> Path:
    return tiny.write(tmp_path / "street.avi")


def rows(workspace: Path) -> list[dict[str, Any]]:
    return CROPS.read(workspace / "crops" / "crops.parquet").to_pylist()


def test_each_walker_becomes_one_track_with_a_crop_in_every_fifth_frame(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    heard = Heard()
    result = run(street, progress=heard)
    assert heard.advanced == 40
    assert heard.figures == {"tracks": 2, "crops": 14}
    assert heard.warnings == []
    table = rows(tmp_path / "workspace")
    assert (result.total, len(table)) == (14, 14)
    assert {(r["track_id"], r["frame"]) for r in table} == {(t, f) for t in (1, 2) for f in range(5, 40, 5)}
    walkers = tiny.walkers()
    for row in table:
        # Track 1 is the walker who is found first, in the upper lane.
        truth = np.array(walkers[row["track_id"] - 1].box(row["frame"]))
        assert (
            np.abs(np.array([row[k] for k in ("x1", "y1", "x2", "y2")]) - truth).max() <= 4
        )  # JPEG smears colours by a few pixels
        assert row["time_s"] == pytest.approx(row["frame"] / 10)
        assert (row["platform"], row["camid"], row["video_id"]) == ("cctv", 3, "street")
        assert (row["frame_width"], row["frame_height"]) == tiny.SIZE
        assert row["crop_id"] == f"street_t{row['track_id']:05d}_f{row['frame']:06d}"
        image = cv2.imread(str(tmp_path / "workspace" / "crops" / row["path"]))
        assert image.shape[:2] == (row["height"], row["width"])
        assert row["sharpness"] > 0
        assert row["in_frame"] > 0.95
    assert result.videos[0].status == "complete"
    assert not list((tmp_path / "workspace").rglob("*.tmp"))
    assert not (tmp_path / "workspace" / "crops" / ".unfinished").exists()


def test_the_record_holds_every_parameter_of_the_tracker_and_what_it_was_made_of(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    config = ExtractConfig(every=5, tracker={"options": {"max_age": 17}})
    run(street, config=config, given=Given("uav", 7, 2, "04041"))
    record = json.loads((tmp_path / "workspace/crops/parts/street.json").read_text())
    expected = {"min_conf": 0.1, "max_iou_dist": 0.7, "n_init": 3, "nn_budget": 100, "mc_lambda": 0.98,
                "ema_alpha": 0.9, "max_age": 17, "max_cos_dist": 0.2}  # fmt: skip
    assert {k: record["parameters"][k] for k in expected} == expected
    assert record["parameters"]["camera_motion"].startswith("sof at scale")
    assert record["inputs"]["facts"] == {"platform": "uav", "camid": 7, "altitude": 2, "session": "04041"}
    assert set(record["versions"]) >= {"agreid", "boxmot", "ultralytics", "opencv-python"}
    assert {r["camid"] for r in rows(tmp_path / "workspace")} == {7}


def test_twice_is_the_same_bytes_and_a_finished_video_is_not_done_again(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    run(street, into="a", save_mot=True)
    run(street, into="b", save_mot=True)
    assert tiny.tree(tmp_path / "a") == tiny.tree(tmp_path / "b")
    finder, heard = tiny.ColourFinder(), Heard()
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "a/crops/images").rglob("*.jpg")}
    again = run(street, into="a", finder=finder, progress=heard)
    assert finder.seen == 0
    assert again.skipped == ("street",)
    assert heard.notes == ["street: already finished, unchanged"]
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert tiny.tree(tmp_path / "a") == tiny.tree(tmp_path / "b")


@pytest.mark.parametrize("batch", [2, 3, 8])
def test_the_batch_changes_no_byte(
    batch: int, run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    run(street, into="one")
    finder = tiny.ColourFinder()
    run(street, into="many", batch=batch, finder=finder)
    assert max(finder.batches) == batch
    assert tiny.tree(tmp_path / "one") == tiny.tree(tmp_path / "many")


def test_github_s_ci_sees_the_same_tracks_as_the_user(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """boxmot confirms tracks at once when it believes it runs there."""
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    run(street, into="home", config=ExtractConfig(every=1))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    run(street, into="ci", config=ExtractConfig(every=1))
    assert tiny.tree(tmp_path / "home") == tiny.tree(tmp_path / "ci")
    assert min(r["frame"] for r in rows(tmp_path / "ci")) == 2


def test_several_videos_make_one_table_that_their_order_does_not_change(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    flight = tiny.encode(tmp_path / "flight.mp4", tiny.clip(30, tiny.walkers(3)))
    run(street, flight, into="a")
    run(flight, into="b")
    run(street, into="b")
    assert tiny.tree(tmp_path / "a") == tiny.tree(tmp_path / "b")
    assert {r["video_id"] for r in rows(tmp_path / "a")} == {"street", "flight"}


def test_after_an_error_the_finished_videos_stand_in_the_table(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    class Breaking(tiny.ColourFinder):
        def detect(self, frames: Any, imgsz: int) -> Any:
            if self.seen >= 50:
                raise KeyboardInterrupt
            return super().detect(frames, imgsz)

    flight = tiny.write(tmp_path / "flight.avi", tiny.clip(30))
    with pytest.raises(KeyboardInterrupt):
        run(street, flight, finder=Breaking())
    assert {r["video_id"] for r in rows(tmp_path / "workspace")} == {"street"}
    assert not (tmp_path / "workspace/crops/.unfinished").exists()
    run(street, flight)
    run(street, flight, into="whole")
    assert tiny.tree(tmp_path / "workspace") == tiny.tree(tmp_path / "whole")


def test_other_settings_are_refused_with_the_difference_and_overwrite_replaces(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    run(street)
    before = tiny.tree(tmp_path / "workspace")
    other = ExtractConfig(every=7, tracker={"options": {"max_age": 9}})
    with pytest.raises(InputError) as caught:
        run(street, config=other, given=Given("uav"))
    said = str(caught.value)
    assert "already has a video 'street', made with other settings" in said
    assert "config.every: was 5, now 7" in said
    assert "config.tracker.options.max_age: was None, now 9" in said
    assert "facts.platform: was 'cctv', now 'uav'" in said
    assert "--overwrite" in said
    assert tiny.tree(tmp_path / "workspace") == before
    run(street, config=other, given=Given("uav"), overwrite=True)
    run(street, config=other, given=Given("uav"), into="fresh")
    assert tiny.tree(tmp_path / "workspace") == tiny.tree(tmp_path / "fresh")


def test_an_overwrite_that_stops_keeps_the_crops_that_were_there(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    class Breaking(tiny.ColourFinder):
        def detect(self, frames: Any, imgsz: int) -> Any:
            if self.seen >= 20:
                raise KeyboardInterrupt
            return super().detect(frames, imgsz)

    run(street)
    before = tiny.tree(tmp_path / "workspace")
    with pytest.raises(KeyboardInterrupt):
        run(street, config=ExtractConfig(every=3), overwrite=True, finder=Breaking())
    assert tiny.tree(tmp_path / "workspace") == before


def test_two_videos_of_one_name_are_refused_and_can_be_named(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = tiny.write(tmp_path / "other" / "street.mp4", tiny.clip(20), codec="mp4v")
    with pytest.raises(InputError) as caught:
        run(street, other)
    assert "would have the name 'street'" in str(caught.value)
    assert "--video-id" in str(caught.value)
    assert not (tmp_path / "workspace").exists()
    run(street, other, given=Given("cctv", video_ids=("east", "west")))
    assert {r["video_id"] for r in rows(tmp_path / "workspace")} == {"east", "west"}
    with pytest.raises(InputError, match="made from a different file"):
        run(street, given=Given("cctv", video_ids=("west",)))


def test_the_same_video_twice_is_taken_once(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    heard = Heard()
    result = run(street, street, progress=heard)
    assert len(result.videos) == 1
    assert "is the same video as" in heard.notes[0]
    copy = tmp_path / "copy.avi"
    copy.write_bytes(street.read_bytes())
    again = run(copy, progress=heard)
    assert "has the same bytes as the video 'street' and is left out" in heard.notes[-1]
    assert (again.total, again.videos, again.skipped) == (14, (), ("copy",))
    assert run(street, copy, into="one-call").total == 14
    assert run(copy, given=Given("cctv", video_ids=("copy",))).total == 28


def test_all_bad_videos_are_listed_at_once_before_any_work(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.mp4").write_text("hello")
    (tmp_path / "empty.mp4").write_bytes(b"")
    finder = tiny.ColourFinder()
    bad = [tmp_path / name for name in ("none.mp4", "text.mp4", "empty.mp4")] + [tmp_path]
    with pytest.raises(InputError) as caught:
        run(street, *bad, finder=finder)
    assert caught.value.message == "4 of the videos cannot be used"
    for path, problem in zip(bad, caught.value.problems, strict=True):
        assert str(path) in str(problem)
    assert finder.seen == 0
    assert not (tmp_path / "workspace").exists()


def test_a_size_that_tells_no_platform_asks_for_one(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="the platform cannot be derived from a frame"):
        run(street, given=Given())
    cctv = tiny.write(tmp_path / "c.avi", tiny.clip(3, size=(704, 480)))
    run(cctv, given=Given())
    record = json.loads((tmp_path / "workspace/crops/parts/c.json").read_text())
    assert record["inputs"]["facts"]["platform"] == "cctv"
    assert record["parameters"]["camera_motion"] == "off"


def test_wrong_words_about_the_videos_are_a_usage_error_with_all_of_them(
    run: Callable[..., ExtractResult], street: Path
) -> None:
    with pytest.raises(UsageError) as caught:
        run(street, given=Given("drone", -1, 5, "02001", ("a/b", "a/b")))
    said = str(caught.value)
    for word in ("--platform", "--camid", "--altitude", "--session", "--video-id"):
        assert word in said
    assert "2 names for 1 videos" in said
    assert "'a/b' is given twice" in said


@pytest.mark.parametrize("n", [1, 2])
def test_a_clip_too_short_for_a_track_warns_and_leaves_a_valid_table(
    n: int, run: Callable[..., ExtractResult], tmp_path: Path
) -> None:
    heard = Heard()
    result = run(tiny.write(tmp_path / "short.avi", tiny.clip(n)), progress=heard)
    assert result.total == 0
    assert rows(tmp_path / "workspace") == []
    assert "no crop was cut" in heard.warnings[0]
    assert f"{2 * n} detections in {n} frame" in heard.warnings[0]


def test_the_warning_says_why_there_is_no_crop(run: Callable[..., ExtractResult], tmp_path: Path) -> None:
    heard = Heard()
    run(tiny.write(tmp_path / "nobody.avi", tiny.clip(20, [])), progress=heard)
    assert "No person was detected in 20 frames" in heard.warnings[0]
    run(tiny.write(tmp_path / "brief.avi"), progress=heard, config=ExtractConfig(every=1000))
    assert "include no 1000th frame" in heard.warnings[1]
    assert rows(tmp_path / "workspace") == []


def test_people_who_come_late_are_found(run: Callable[..., ExtractResult], tmp_path: Path) -> None:
    """StrongSORT must stand frames without anybody, at the start and in between."""
    late = [tiny.Person(60, 20, 0.5, first=12, last=20), tiny.Person(20, 70, 0.5, first=30)]
    for platform, codec in (("cctv", "MJPG"), ("uav", "mp4v")):  # camera motion off and on
        video = tiny.write(tmp_path / f"{platform}.avi", tiny.clip(45, late), codec=codec)
        run(video, given=Given(platform))
    found = {(r["video_id"], r["frame"]) for r in rows(tmp_path / "workspace")}
    assert found == {(v, f) for v in ("cctv", "uav") for f in (15, 20, 35, 40)}


def on_its_side(path: Path) -> Path:
    return tiny.rotated(tiny.encode(path / "phone.mp4", tiny.clip(20)), 90)


def odd(path: Path) -> Path:
    return tiny.encode(path / "odd.mkv", tiny.clip(20, size=(181, 133)), codec="ffv1", pix_fmt="bgr0")


def half_clear(path: Path) -> Path:
    frames = [np.dstack([f, np.full(f.shape[:2], 128, np.uint8)]) for f in tiny.clip(20)]
    return tiny.encode(path / "clear.mov", frames, codec="png", pix_fmt="rgba")


@pytest.mark.parametrize(
    ("make", "size"), [(on_its_side, (144, 192)), (odd, (181, 133)), (half_clear, (192, 144))]
)
def test_unusual_frames_give_crops_inside_the_frame_as_it_is_shown(
    make: Callable[[Path], Path], size: tuple[int, int], run: Callable[..., ExtractResult], tmp_path: Path
) -> None:
    assert run(make(tmp_path)).total == 6
    for row in rows(tmp_path / "workspace"):
        assert (row["frame_width"], row["frame_height"]) == size
        assert row["x2"] <= size[0]
        assert row["y2"] <= size[1]


def test_lost_frames_are_told_recorded_and_keep_the_numbers_of_the_others(
    run: Callable[..., ExtractResult], tmp_path: Path
) -> None:
    path = tiny.encode(tmp_path / "hurt.mkv", tiny.clip(90))
    data = bytearray(path.read_bytes())
    a, b = int(len(data) * 0.45), int(len(data) * 0.55)
    data[a:b] = bytes(b - a)
    path.write_bytes(data)
    heard = Heard()
    result = run(path, progress=heard)
    record = result.videos[0]
    assert record.status == "partial"
    assert record.lost > 0
    assert f"{record.lost} frames in the middle are lost; the others are kept" in heard.warnings[0]
    assert max(r["frame"] for r in rows(tmp_path / "workspace")) == 85


def test_a_cut_file_says_how_many_frames_are_missing(
    run: Callable[..., ExtractResult], tmp_path: Path
) -> None:
    path = tiny.write(tmp_path / "cut.avi", tiny.clip(60))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    heard = Heard()
    record = run(path, progress=heard).videos[0]
    assert record.decoded + record.lost + record.missing_at_end == 60
    assert f"of 60 promised frames ({record.missing_at_end} missing)" in heard.warnings[0]
    assert (record.status, record.crops > 0) == ("partial", True)


def test_mot_text_is_made_on_request_also_for_a_finished_video(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    run(street)
    crops = tiny.tree(tmp_path / "workspace")
    heard = Heard()
    run(street, save_mot=True, progress=heard)
    assert "extracted again" in heard.notes[0]
    after = tiny.tree(tmp_path / "workspace")
    text = after.pop("crops/mot/street.txt").decode()
    assert after == crops
    lines = [line.split(",") for line in text.splitlines()]
    assert {len(line) for line in lines} == {10}
    assert [int(line[0]) for line in lines] == sorted(int(line[0]) for line in lines)
    # frame 3 of MOT is the third frame, in which n_init confirms both walkers
    assert [line[:2] for line in lines[:2]] == [["3", "1"], ["3", "2"]]
    truth = tiny.walkers()[0].box(2)
    x, y, w, h = (float(v) for v in lines[0][2:6])
    assert np.abs(np.array([x, y, x + w, y + h]) - truth).max() <= 4  # JPEG smears colours by a few pixels
    run(street, save_mot=True, progress=heard)
    assert heard.notes[-1] == "street: already finished, unchanged"


def test_more_than_sixty_tracks_get_more_pages_and_names_do_not_collide(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agreid_cli.vision.contact.ROWS_PER_PAGE", 1)
    second = tiny.write(tmp_path / "street-2.avi", tiny.clip(30))
    result = run(street, second)
    names = [path.stem.removeprefix("contact-") for path in result.contact_sheets]
    assert names == ["street", "street~2", "street-2", "street-2~2"]
    assert all(path.is_file() for path in result.contact_sheets)
    run(street, overwrite=True, config=ExtractConfig(every=9))
    assert all(path.is_file() for path in result.contact_sheets)


def test_faces_stay_when_the_user_says_so_and_the_record_tells(
    run: Callable[..., ExtractResult], tmp_path: Path
) -> None:
    tall = [tiny.Person(60, 10, 0.5, height=100)]
    video = tiny.write(tmp_path / "near.avi", tiny.clip(20, tall))
    run(video, into="hidden")
    run(video, into="plain", config=ExtractConfig(every=5, faces={"pixelate": False}))
    hidden, plain = rows(tmp_path / "hidden"), rows(tmp_path / "plain")
    assert {r["pixelated"] for r in hidden} == {"head"}
    assert {r["pixelated"] for r in plain} == {"none"}
    for a, b in zip(hidden, plain, strict=True):
        assert a["sharpness"] == b["sharpness"], "sharpness is that of the crop as it was"
        assert a["path"] == b["path"]
        assert (tmp_path / "hidden/crops" / a["path"]).read_bytes() != (
            tmp_path / "plain/crops" / b["path"]
        ).read_bytes()


def test_a_file_in_place_of_the_crops_folder_is_one_sentence(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace/crops").write_text("in the way")
    for into in ("workspace", "workspace/crops"):
        with pytest.raises(InputError, match=r"cannot write .*crops"):
            run(street, into=into)
    assert (tmp_path / "workspace/crops").read_text() == "in the way"


@pytest.mark.parametrize("where", ["jpeg", "table", "record"])
def test_a_full_disk_says_so_and_leaves_nothing_half_written(
    where: str,
    run: Callable[..., ExtractResult],
    street: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flight = tiny.write(tmp_path / "flight.avi", tiny.clip(30))
    run(flight)
    before = tiny.tree(tmp_path / "workspace")

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    real_write, real_replace = Path.write_bytes, os.replace
    with monkeypatch.context() as broken:
        if where == "jpeg":
            broken.setattr(
                Path, "write_bytes", lambda p, data: full() if "f000010" in p.name else real_write(p, data)
            )
        elif where == "table":
            broken.setattr(pq, "write_table", full)
        else:
            broken.setattr(os, "replace", lambda a, b: full() if b.suffix == ".json" else real_replace(a, b))
        with pytest.raises(AgreidError, match="the disk is full") as caught:
            run(street)
    assert "run the same command again" in caught.value.hint
    table = {r["video_id"] for r in rows(tmp_path / "workspace")}
    assert table == {"flight"}
    assert not list((tmp_path / "workspace").rglob("*.tmp"))
    run(street)
    run(street, flight, into="whole")
    assert tiny.tree(tmp_path / "workspace") == tiny.tree(tmp_path / "whole")
    assert {k: v for k, v in tiny.tree(tmp_path / "workspace").items() if "flight" in k} == {
        k: v for k, v in before.items() if "flight" in k
    }


def test_a_record_that_is_none_of_ours_is_named(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    run(street)
    record = tmp_path / "workspace/crops/parts/street.json"
    record.write_text(record.read_text()[:50])
    with pytest.raises(InputError, match=r"street.json is not an extraction record"):
        run(street)


def test_a_part_whose_table_was_deleted_is_made_again(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    run(street)
    whole = tiny.tree(tmp_path / "workspace")
    (tmp_path / "workspace/crops/parts/street.parquet").unlink()
    run(street)
    assert tiny.tree(tmp_path / "workspace") == whole


def test_a_workspace_that_is_in_use_is_refused(
    run: Callable[..., ExtractResult], street: Path, tmp_path: Path
) -> None:
    with (
        video_parts.locked_parts(Workspace(tmp_path / "workspace")),
        pytest.raises(AgreidError, match="another agreid is extracting crops"),
    ):
        run(street)
    run(street)


def test_the_user_s_video_is_never_touched(run: Callable[..., ExtractResult], street: Path) -> None:
    before = (street.read_bytes(), street.stat().st_mtime_ns)
    run(street)
    assert (street.read_bytes(), street.stat().st_mtime_ns) == before


def test_the_detector_is_asked_at_the_size_that_auto_chooses(
    run: Callable[..., ExtractResult], street: Path
) -> None:
    finder = tiny.ColourFinder()
    assert run(street, finder=finder).videos[0].imgsz == 640
    assert finder.imgsz == {640}
    run(street, finder=finder, into="b", config=ExtractConfig(detector={"imgsz": 320}))
    assert finder.imgsz == {640, 320}


@pytest.mark.parametrize(
    ("name", "given", "facts"),
    [
        ("T02140A1C0_uav", Given(), ("uav", 0, 1, "02140")),
        ("T02141A2C3", Given(), ("cctv", 3, 2, "02141")),
        ("T02141A2C7_north_CCTV", Given(), ("cctv", 7, 2, "02141")),
        ("T02140A1C0_uav", Given("cctv", altitude=0), ("cctv", 3, 0, "02140")),
        ("T02140A1C0_uav", Given(camid=5, session="04040"), ("uav", 5, 1, "04040")),
        ("T99990A1C0_uav", Given("cctv"), ("cctv", 3, None, None)),
    ],
)
def test_the_file_s_name_tells_session_altitude_camera_and_platform_and_options_go_first(
    tmp_path: Path, name: str, given: Given, facts: tuple[Any, ...]
) -> None:
    video = tiny.write(tmp_path / f"{name}.avi")
    (job,) = plan([video], CONFIG, given, Heard())
    found = job.facts
    assert (found.platform, found.camid, found.altitude, found.session) == facts


def test_crops_that_came_another_way_are_not_lost(run: Callable[..., ExtractResult], tmp_path: Path) -> None:
    video, root = tiny.write(tmp_path / "street.avi"), tmp_path / "workspace"
    write_crops(root)
    before = tiny.tree(root)
    with pytest.raises(InputError, match=r"was not made by extract-crops"):
        run(video)
    assert tiny.tree(root) == before
