"""agreid score-tracks: the workspace's own files, given files, and files that do not match."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.score_tracks import ScoreTracksConfig
from agreid_cli.errors import InputError, MissingError
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.video.score_tracks import COMBINED, score_tracks
from tests.support.heard import Heard

pytest.importorskip("trackeval")


def lines(*, seen: float = 1.0, people: int = 2, frames: int = 3) -> str:
    return "".join(
        f"{f},{p},{100 * p + f},50,20,60,1,1,{seen if p == 1 else 1}\n"
        for f in range(1, frames + 1)
        for p in range(1, people + 1)
    )


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_workspace_s_own_files(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    for video in ("a", "b"):
        write(space.truth.mot(video), lines(seen=0.4))
    write(space.crops_dir / "mot" / "a.txt", lines())
    write(space.crops_dir / "mot" / "b.txt", lines(people=1))
    a, b, together = score_tracks(space)
    assert (a.video, a.MOTA, a.boxes, a.let_off) == ("a", 1, 3, 3), "person 1 is hidden by more than half"
    assert (b.MOTA, b.recall) == (0, 0)
    assert (together.video, together.boxes) == (COMBINED, 6)
    all_of_them = score_tracks(space, ScoreTracksConfig(min_visible=0.3))
    assert [one.MOTA for one in all_of_them] == [1, 0.5, 0.75]


def test_what_has_no_partner_is_named_and_left_out(tmp_path: Path) -> None:
    for video in ("a", "b"):
        write(tmp_path / "gt" / video / "gt" / "gt.txt", lines())
    for video in ("b", "c"):
        write(tmp_path / "found" / f"{video}.txt", lines())
    heard = Heard()
    scores = score_tracks(
        Workspace(tmp_path), truth=tmp_path / "gt", tracks=tmp_path / "found", progress=heard
    )
    assert [one.video for one in scores] == ["b", COMBINED]
    assert heard.warnings == [
        "not scored, because tracks are missing: a",
        "not scored, because ground truth is missing: c",
    ]
    with pytest.raises(InputError, match=r"no video has both .*truth of a, b.*tracks of c"):
        (tmp_path / "found" / "b.txt").rename(tmp_path / "found" / "d.txt")
        score_tracks(Workspace(tmp_path), truth=tmp_path / "gt", tracks=tmp_path / "found")


def test_two_files_go_together_whatever_their_names(tmp_path: Path) -> None:
    truth, tracks = write(tmp_path / "x.txt", lines()), write(tmp_path / "y.txt", lines())
    one, _ = score_tracks(Workspace(tmp_path), truth=truth, tracks=tracks)
    assert (one.video, one.HOTA) == ("x", pytest.approx(1))


def test_what_is_missing_says_how_to_make_it(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    with pytest.raises(MissingError) as caught:
        score_tracks(space)
    assert "agreid synth" in caught.value.hint
    write(space.truth.mot("a"), lines())
    with pytest.raises(MissingError) as caught:
        score_tracks(space)
    assert "--save-mot" in caught.value.hint


def test_all_bad_files_at_once(tmp_path: Path) -> None:
    truth = write(tmp_path / "gt" / "a.txt", "1,1,0,0,5\n").parent
    write(tmp_path / "found" / "a.txt", "1,1,0,0,5,5\n1,1,0,0,5,5\n")
    with pytest.raises(InputError) as caught:
        score_tracks(Workspace(tmp_path), truth=truth, tracks=tmp_path / "found")
    assert len(caught.value.problems) == 2
    write(truth / "a.txt", "1,1,0,0,5,5,0\n")
    write(tmp_path / "found" / "a.txt", "")
    with pytest.raises(InputError, match="no ground-truth box here counts"):
        score_tracks(Workspace(tmp_path), truth=truth, tracks=tmp_path / "found")


def test_the_command(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    write(space.truth.mot("a"), lines())
    write(space.crops_dir / "mot" / "a.txt", lines(people=1))
    done = CliRunner().invoke(app, ["score-tracks", "--workspace", str(tmp_path)])
    assert done.exit_code == 0, done.output
    row = next(line for line in done.stdout.splitlines() if line.startswith(COMBINED)).split()
    assert row[5:8] == ["50.0", "50.0", "100.0"], "MOTA, recall, precision"
    assert "at least 50% visible" in done.stdout
    words = ["score-tracks", "--workspace", str(tmp_path), "--json", "--set", "iou=0.7"]
    told = json.loads(CliRunner().invoke(app, words).stdout)
    assert told["config"]["iou"] == 0.7
    assert [one["video"] for one in told["scores"]] == ["a", COMBINED]
    assert told["scores"][0]["switches"] == 0
    done = CliRunner().invoke(app, ["score-tracks", "--truth", str(tmp_path / "nowhere")])
    assert done.exit_code == 1
    assert "does not exist" in done.stderr


def test_boxes_in_another_form_are_refused_and_read_when_asked(tmp_path: Path) -> None:
    truth = write(tmp_path / "gt.txt", lines(frames=10))
    corners = "".join(
        f"{f},{p},{100 * p + f},50,{100 * p + f + 20},110,1\n" for f in range(1, 11) for p in (1, 2)
    )
    tracks = write(tmp_path / "found.txt", corners)
    with pytest.raises(InputError) as caught:
        score_tracks(Workspace(tmp_path), truth=truth, tracks=tracks)
    assert "its boxes meet 0% of the true boxes; read as corners" in str(caught.value)
    assert "--set boxes=ltrb" in caught.value.hint
    scores = score_tracks(Workspace(tmp_path), ScoreTracksConfig(boxes="ltrb"), truth=truth, tracks=tracks)
    assert scores[-1].MOTA == 1


def test_tracks_that_meet_nothing_or_few_frames_are_said(tmp_path: Path) -> None:
    truth = write(tmp_path / "gt.txt", lines(frames=20))
    heard = Heard()
    far = "".join(f"{f},1,900,900,20,60\n" for f in range(1, 9))
    score_tracks(Workspace(tmp_path), truth=truth, tracks=write(tmp_path / "t.txt", far), progress=heard)
    said = "\n".join(heard.warnings)
    assert "its boxes meet 0% of the true boxes at IoU 0.5" in said
    assert "only 8 of 20 frames with true boxes have a track" in said
