"""`agreid propose-identities` on drawn people: what is written, what is kept, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.identify import ProposeConfig
from agreid_cli.errors import InputError, MissingError
from agreid_cli.records.crops import CROPS
from agreid_cli.records.proposals import DOUBTS, PROPOSALS
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.identify.propose import ProposeResult, propose_identities
from tests.support.faces import write_pictured
from tests.support.heard import Heard

HEADER = "video_id,track_id,pid\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return write_pictured(tmp_path / "campus", 3, n_pids=6, crops_per_pid=4)


def propose(workspace: Workspace, **how: object) -> ProposeResult:
    return propose_identities(workspace, ProposeConfig(), embedder="colour", device="cpu", **how)  # type: ignore[arg-type]


def truth(workspace: Workspace) -> Path:
    """Person n is track n in both videos."""
    tracks = {(row["video_id"], row["track_id"]) for row in CROPS.read(workspace.crops).to_pylist()}
    path = workspace.root / "truth.csv"
    path.write_text(HEADER + "".join(f"{video},{track},{track}\n" for video, track in sorted(tracks)))
    return path


def files(workspace: Workspace) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(workspace.proposals.iterdir())}


def test_people_of_two_cameras_are_proposed_and_nothing_else_is_touched(workspace: Workspace) -> None:
    found = propose(workspace, truth=truth(workspace))
    assert (found.n_tracks, found.n_open, found.embedder) == (12, 12, "colour")
    assert found.scores is not None
    assert found.actions is not None
    assert found.scores.pairwise_f1 > 0.8
    assert found.actions.total < found.actions.by_hand
    assert not workspace.identities.exists()
    assert set(files(workspace)) == {
        "pairs.parquet", "vectors.parquet", "doubts.parquet", "identities.csv",
    }  # fmt: skip
    rows = PROPOSALS.read(workspace.proposals / "pairs.parquet").to_pylist()
    assert [row["asked"] for row in rows] == list(range(len(rows)))
    right = [row["track_a"] == row["track_b"] for row in rows[:6]]
    assert sum(right) >= 5
    assert {row["kind"] for row in rows[:6]} == {"across"}  # tracks of one video overlap in time
    assert len(DOUBTS.read(workspace.proposals / "doubts.parquet")) == 12
    before = files(workspace)
    propose(workspace)
    assert files(workspace) == before


def test_what_is_decided_is_not_asked_again_and_survives(workspace: Workspace) -> None:
    propose(workspace)
    decided = "campus-uav,1,7\ncampus-cctv,1,7\ncampus-uav,2,-1\n"
    workspace.identities.write_text(HEADER + decided)
    workspace.judgements.write_text(
        "video_a,track_a,frame_a,video_b,track_b,frame_b,same\ncampus-uav,3,,campus-cctv,3,,0\n"
    )
    found = propose(workspace)
    assert (found.n_open, found.n_judged) == (9, 1)
    assert workspace.identities.read_text() == HEADER + decided
    with open(workspace.proposals / "identities.csv", newline="") as file:
        pid = {(row["video_id"], int(row["track_id"])): row["pid"] for row in csv.DictReader(file)}
    assert pid["campus-uav", 1] == pid["campus-cctv", 1] == "7"
    assert pid["campus-uav", 2] == "-1"
    assert pid["campus-uav", 3] != pid["campus-cctv", 3]
    for row in PROPOSALS.read(workspace.proposals / "pairs.parquet").to_pylist():
        ends = {(row["video_a"], row["track_a"]), (row["video_b"], row["track_b"])}
        assert ends != {("campus-uav", 1), ("campus-cctv", 1)}
        assert ends != {("campus-uav", 3), ("campus-cctv", 3)}
        assert ("campus-uav", 2) not in ends


def test_a_judgement_within_one_track_is_named(workspace: Workspace) -> None:
    """It was made while the track was divided."""
    workspace.judgements.write_text(
        "video_a,track_a,frame_a,video_b,track_b,frame_b,same\ncampus-uav,3,0,campus-uav,3,60,0\n"
    )
    heard = Heard()
    assert propose(workspace, progress=heard).n_judged == 0
    assert "judgements.csv: 1 judgement not used: both sides are now in one part of a track" in heard.notes


def test_a_finished_workspace_has_nothing_to_propose(workspace: Workspace) -> None:
    workspace.identities.write_text(truth(workspace).read_text())
    found = propose(workspace)
    assert (found.n_open, found.n_pairs) == (0, 0)


def test_one_camera_alone(tmp_path: Path) -> None:
    alone = write_pictured(tmp_path, 3, n_pids=4, crops_per_pid=3, platforms=("cctv",))
    heard = Heard()
    found = propose(alone, progress=heard)
    assert found.n_tracks == found.n_people == 4  # they overlap in time
    assert any("one camera" in text for text in heard.notes)


def test_a_common_clock_keeps_apart_what_is_seen_at_one_time(workspace: Workspace) -> None:
    names = ["campus-uav", "campus-cctv"]
    config = ProposeConfig(start_s=dict.fromkeys(names, 0.0), disjoint=(tuple(names),))
    found = propose_identities(workspace, config, embedder="colour", device="cpu")
    assert (found.n_people, found.n_grouped) == (12, 0)
    with pytest.raises(InputError, match="2 problems in") as caught:
        propose_identities(
            workspace, ProposeConfig(start_s={"campus-ua": 0.0}, disjoint=(("campus-cctv",),)),
            embedder="colour", device="cpu",
        )  # fmt: skip
    assert "did you mean 'campus-uav'" in str(caught.value)
    assert "does not say when it begins" in str(caught.value)


def test_an_unknown_embedder_is_refused_with_what_to_give(workspace: Workspace) -> None:
    with pytest.raises(MissingError, match="no embedder 'colours'"):
        propose_identities(workspace, ProposeConfig(), embedder="colours", device="cpu")
    assert not workspace.proposals.exists()


def test_faults_are_listed_together_and_nothing_is_written(workspace: Workspace) -> None:
    workspace.identities.write_text(HEADER + "campus-uav,99,1\n")
    workspace.judgements.write_text(
        "video_a,track_a,video_b,track_b,same\ncampus-uav,1,campus-cctv,88,1\n"
        "campus-uav,1,campus-uav,1,0\ncampus-uav,1,campus-cctv,1,maybe\n"
        "campus-uav,2,campus-cctv,2,1\ncampus-cctv,2,campus-uav,2,0\n"
    )
    with pytest.raises(InputError) as caught:
        propose(workspace)
    said = str(caught.value)
    assert "5 problems in the annotations" in said
    for text in ("no track 88", "with itself", "'maybe' is not 1 or 0", "the opposite of line 5"):
        assert text in said
    assert not workspace.proposals.exists()


def test_the_command(workspace: Workspace) -> None:
    words = ["propose-identities", "--workspace", str(workspace.root), "--embedder", "colour"]
    done = CliRunner().invoke(app, [*words, "--truth", str(truth(workspace))])
    assert done.exit_code == 0, done.output
    assert "decisions until all is right" in done.stdout
    data = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert data["n_tracks"] == 12
    wrong = CliRunner().invoke(app, [*words, "--set", "cut=2"])
    assert wrong.exit_code == 1
