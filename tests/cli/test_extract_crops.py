"""The output of `agreid extract-crops`, and interruptions."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.records.crops import CROPS
from tests.support import tiny
from tests.support.forked import Warm, until

WORDS = ("extract-crops", "--platform", "cctv", "--every", "5")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two short videos of drawn people."""
    tiny.write(tmp_path / "a.avi", tiny.clip(30))
    tiny.write(tmp_path / "b.avi", tiny.clip(30, tiny.walkers(3)))
    return tmp_path


@pytest.fixture
def whole(folder: Path, warm: Warm) -> dict[str, bytes]:
    """What an uninterrupted run leaves."""
    assert warm.run(*WORDS, "a.avi", "b.avi", "-w", "whole", "--save-mot", cwd=folder)[0] == 0
    return tiny.tree(folder / "whole")


def sound(workspace: Path) -> None:
    """Whatever a stopped run left: a table that is there is whole, and so is every crop it names."""
    table = workspace / "crops" / "crops.parquet"
    if table.is_file():
        for path in CROPS.read(table)["path"].to_pylist():
            assert (workspace / "crops" / path).read_bytes()[-2:] == b"\xff\xd9", "a JPEG to its end"


def test_the_table_the_sheet_and_the_number_of_crops_are_named(folder: Path, warm: Warm) -> None:
    code, out, err = warm.run(*WORDS, "a.avi", "-w", "w", cwd=folder)
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert lines[1] == ["video", "platform", "size", "input", "frames", "lost", "tracks", "crops"]
    assert lines[2] == ["a", "cctv", "192×144", "640", "30", "0", "2", "10", "complete"]
    assert "contact sheet: w/crops/contact-a.jpg" in out
    assert out.splitlines()[-1] == "10 crops in w/crops/crops.parquet"
    assert err.startswith("a: 30/30 frames")
    code, out, err = warm.run(*WORDS, "a.avi", "-w", "w", cwd=folder)
    assert (code, err) == (0, "a: already finished, unchanged\n")
    assert "unchanged" in out


def test_json_is_one_document_on_stdout_and_all_else_on_stderr(folder: Path, warm: Warm) -> None:
    code, out, err = warm.run(
        *WORDS, "a.avi", "b.avi", "-w", "w", "--json", "--no-pixelate-faces", cwd=folder
    )
    assert code == 0
    found = json.loads(out)
    assert found["crops"] == 25
    assert [v["video_id"] for v in found["videos"]] == ["a", "b"]
    source = found["videos"][1].pop("source")
    assert (source["kind"], source["codec"], source["left_out"]) == ("file", "mjpeg", [])
    assert found["videos"][1] == {
        "video_id": "b", "file": "b.avi", "width": 192, "height": 144, "imgsz": 640, "decoded": 30, "lost": 0,
        "missing_at_end": 0, "tracks": 3, "crops": 15, "status": "complete",
    }  # fmt: skip
    assert "warning: faces will not be pixelated: the people in the crops are recognisable" in err
    code, out, _ = warm.run(*WORDS, "a.avi", "-w", "w", "--json", "--no-pixelate-faces", cwd=folder)
    assert json.loads(out)["skipped"] == ["a"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_is_readable_and_the_same_command_goes_on(
    number: int, code: int, folder: Path, warm: Warm, whole: dict[str, bytes]
) -> None:
    words = (*WORDS, "a.avi", "b.avi", "-w", "w", "--save-mot")
    run = warm.start(*words, cwd=folder, pause_s=0.02)
    unfinished = folder / "w/crops/.unfinished/b"
    until(lambda: unfinished.is_dir() and any(unfinished.iterdir()), run)
    os.kill(run.pid, number)
    assert warm.wait(run) == code
    assert "Stopped. Finished work is saved; run the same command again to continue." in run.stderr
    assert "Traceback" not in run.stderr
    assert not unfinished.parent.exists()
    sound(folder / "w")
    assert CROPS.read(folder / "w/crops/crops.parquet")["video_id"].unique().to_pylist() == ["a"]
    code, _, err = warm.run(*words, cwd=folder)
    assert code == 0
    assert "a: already finished" in err
    assert tiny.tree(folder / "w") == whole


@pytest.mark.parametrize("part", [0.2, 0.55, 0.8, 0.97])
def test_killed_at_any_point_the_next_run_ends_in_the_same_bytes(
    part: float, folder: Path, warm: Warm, whole: dict[str, bytes]
) -> None:
    words = (*WORDS, "a.avi", "b.avi", "-w", "w", "--save-mot")
    warm.run(*words, cwd=folder, count_to=folder / "n")
    changes = int((folder / "n").read_text())
    os.rename(folder / "w", folder / "counted")
    assert warm.run(*words, cwd=folder, kill_at=int(changes * part))[0] == -signal.SIGKILL
    sound(folder / "w")
    assert warm.run(*words, cwd=folder)[0] == 0
    assert tiny.tree(folder / "w") == whole


@pytest.mark.slow
@pytest.mark.parametrize("before", ["nothing", "other settings"])
def test_killed_before_many_changes_of_the_folder(
    before: str, folder: Path, warm: Warm, whole: dict[str, bytes]
) -> None:
    words = (*WORDS, "a.avi", "b.avi", "-w", "w", "--save-mot", "--overwrite")
    if before == "other settings":
        assert warm.run(*words, "--every", "4", cwd=folder)[0] == 0
        os.rename(folder / "w", folder / "template")
    for change in range(1, 1000, 9):  # benchmarks/kills.py kills at random moments
        shutil.rmtree(folder / "w", ignore_errors=True)
        if before == "other settings":
            shutil.copytree(folder / "template", folder / "w")
        code, _, err = warm.run(*words, cwd=folder, kill_at=change)
        if code == 0:
            break
        assert code == -signal.SIGKILL, f"change {change}: {err}"
        sound(folder / "w")
        code, _, err = warm.run(*words, cwd=folder)
        assert code == 0, f"after a kill at change {change}: {err}"
        assert tiny.differing(tiny.tree(folder / "w"), whole) == [], f"after a kill at change {change}"
    assert change > 60


def test_two_at_once_do_not_mix(folder: Path, warm: Warm) -> None:
    first = warm.start(*WORDS, "a.avi", "-w", "w", cwd=folder, pause_s=0.02)
    until((folder / "w/crops/.unfinished/a").is_dir, first)
    code, out, err = warm.run(*WORDS, "b.avi", "-w", "w", cwd=folder)
    assert (code, out) == (1, "")
    assert "error: another agreid is extracting crops into w/crops" in err
    assert "choose another --workspace" in err
    assert warm.wait(first) == 0
    assert warm.run(*WORDS, "b.avi", "-w", "w", cwd=folder)[0] == 0
    assert CROPS.read(folder / "w/crops/crops.parquet").num_rows == 25


def test_the_workspace_s_file_and_the_flags_set_the_configuration(folder: Path, warm: Warm) -> None:
    (folder / "agreid.toml").write_text(
        "[extract-crops]\nevery = 10\n[extract-crops.detector]\nimgsz = 320\n"
    )
    warm.run("extract-crops", "a.avi", "--platform", "cctv", "--set", "jpeg_quality=60", cwd=folder)
    config = json.loads((folder / "crops/parts/a.json").read_text())["inputs"]["config"]
    assert (config["every"], config["detector"]["imgsz"], config["jpeg_quality"]) == (10, 320, 60)


def refused(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["extract-crops", *words])
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.exit_code, done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--imgsz", "big"], 1, "Give auto, or an integer of at least 32 (got 'big')"),
        (["--imgsz", "0"], 1, "Give auto, or an integer of at least 32"),
        (["--set", "detector.batch=0"], 1, "Give auto, or an integer of at least 1"),
        (["--every", "0"], 1, "greater than or equal to 1"),
        (["--platform", "cctc"], 2, "did you mean 'cctv'?"),
        (["--set", "detectr.conf=0.5"], 1, "did you mean 'detector'?"),
        (["--detector", "none.pt"], 1, "detector weights none.pt not found (looked in"),
        (["--detector", ""], 1, "no detector is given"),
        (["--device", "gpu:x:"], 2, "--device 'gpu:x:' is not one of auto, cpu"),
    ],
)
def test_a_wrong_word_is_one_sentence(
    folder: Path, words: list[str], code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    platform = [] if "--platform" in words else ["--platform", "cctv"]
    found, err = refused("a.avi", *platform, *words)
    assert found == code
    assert said in err
    assert err.startswith("error: ")
    assert not (folder / "crops").exists()


def test_all_bad_videos_are_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "text.mp4").write_text("hello")
    code, err = refused("none.avi", "text.mp4", "a.avi", "--platform", "cctv")
    assert code == 1
    assert err.splitlines()[:3] == [
        "error: 2 of the videos cannot be used",
        "  none.avi does not exist. Check the path and the spelling.",
        "  text.mp4 is not a video that FFmpeg can open. "
        "Check that the file was copied or recorded to its end; ffplay may say more.",
    ]


def test_no_video_is_a_usage_error() -> None:
    done = CliRunner().invoke(app, ["extract-crops"])
    assert done.exit_code == 2
    assert "Missing argument" in done.stderr
