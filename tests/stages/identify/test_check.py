"""`agreid check-identities` on drawn people with planted faults: files, judgements, bad input, the page."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.identify import CheckConfig, ProposeConfig
from agreid_cli.errors import InputError, MissingError
from agreid_cli.records.crops import CROPS, CROPS_SCHEMA, video_crop_row
from agreid_cli.records.suspicions import SUSPICIONS
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.identify.check import CheckResult, check_identities
from agreid_cli.stages.identify.propose import propose_identities
from tests.support.browser import NEEDS_BROWSER, opened
from tests.support.heard import Heard

PEOPLE, EVERY = 10, 30
VIDEOS = (("flight", 0, "uav"), ("street", 3, "cctv"))


def look(person: int, rng: np.random.Generator) -> Image.Image:
    """Stripes of two colours that are the person's own, with noise."""
    own = np.random.default_rng([7, person]).integers(0, 256, (2, 3))
    bands = np.repeat(own[[0, 1, 0, 1]], 16, axis=0)[:, None, :] * np.ones((1, 32, 1))
    return Image.fromarray(np.clip(bands + rng.normal(0, 12, bands.shape), 0, 255).astype(np.uint8))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two tracks of six crops per person and video, one after the other; track 2n and 2n + 1 are person n.
    The street's track 14 shows person 7 and then person 8. All people are annotated rightly.
    """
    found, rng, rows = Workspace(tmp_path / "campus"), np.random.default_rng(0), []
    for video, camid, platform in VIDEOS:
        for track in range(2 * PEOPLE):
            for step in range(6):
                person = 8 if (video, track) == ("street", 14) and step >= 3 else track // 2
                frame = EVERY * (step + 10 * (track % 2))
                row = video_crop_row(
                    video, track, frame, (0, 0, 32, 64), camid=camid, platform=platform, time_s=frame / 30,
                    frame_width=64, frame_height=64,
                )  # fmt: skip
                rows.append(row)
                path = found.crops_dir / row["path"]
                path.parent.mkdir(parents=True, exist_ok=True)
                look(person, rng).save(path)
    CROPS.write(pa.Table.from_pylist(rows, schema=CROPS_SCHEMA), found.crops)
    write(found, {(video, track): track // 2 for video, _, _ in VIDEOS for track in range(2 * PEOPLE)})
    return found


def write(workspace: Workspace, pid: dict[tuple[str, int], object]) -> None:
    lines = [f"{video},{track},{number}\n" for (video, track), number in pid.items()]
    workspace.identities.write_text("video_id,track_id,pid\n" + "".join(lines))


def annotated(workspace: Workspace) -> dict[tuple[str, int], object]:
    with workspace.identities.open(newline="") as file:
        return {(row["video_id"], int(row["track_id"])): row["pid"] for row in csv.DictReader(file)}


def plant(workspace: Workspace) -> None:
    """Exchange two tracks, join persons 4 and 5 as one, and divide person 6."""
    pid = annotated(workspace)
    pid["flight", 0], pid["flight", 4] = pid["flight", 4], pid["flight", 0]
    for video, _, _ in VIDEOS:
        pid[video, 10] = pid[video, 11] = 4
        if video == "street":
            pid[video, 12] = pid[video, 13] = 60
    write(workspace, pid)


#: What `plant` does, as suspicions.
PLANTED = {
    ("wrong-identity", 2), ("wrong-identity", 0), ("mixed-identity", 4), ("same-person", 6),
    ("mixed-track", 7),
}  # fmt: skip


def planted(row: dict[str, object]) -> bool:
    """Whether a suspicion is one of these; the other tracks of exchanged identities are right."""
    exchanged = (row["video_a"], row["track_a"]) in {("flight", 0), ("flight", 4)}
    return (row["kind"], row["pid"]) in PLANTED and (row["kind"] != "wrong-identity" or exchanged)


def check(workspace: Workspace, **how: object) -> CheckResult:
    config = CheckConfig(**how.pop("config", {"least": 0.005}))  # type: ignore[arg-type]
    return check_identities(workspace, config, embedder="colour", device="cpu", **how)  # type: ignore[arg-type]


def test_planted_faults_come_first_and_nothing_else_is_touched(workspace: Workspace) -> None:
    plant(workspace)
    before = workspace.identities.read_bytes()
    done = check(workspace)
    rows = SUSPICIONS.read(workspace.checks / "suspicions.parquet").to_pylist()
    assert rows == list(done.suspicions)
    last = max(at for at, row in enumerate(rows) if planted(row))
    assert all(planted(row) for row in rows[:2])
    assert {row["pid"] for row in rows[: last + 1]} <= {0, 2, 4, 6, 7}, "nothing right comes before a fault"
    assert {(row["kind"], row["pid"]) for row in rows if planted(row)} == PLANTED
    [mixed] = [row for row in rows[:last] if row["kind"] == "mixed-track"]
    assert (mixed["video_a"], mixed["track_a"], mixed["other_pid"]) == ("street", 14, 8)
    assert (mixed["frame_from"], mixed["frame_to"]) == (90, 150)
    [divided] = [row for row in rows if row["kind"] == "mixed-identity" and planted(row)]
    assert set(divided["apart"]) in (
        {f"{video}:{track}" for video, _, _ in VIDEOS for track in tracks} for tracks in ((8, 9), (10, 11))
    )
    assert workspace.identities.read_bytes() == before
    files = {path.name: path.read_bytes() for path in workspace.checks.iterdir()}
    assert set(files) == {"suspicions.parquet", "check.html"}
    check(workspace)
    assert {path.name: path.read_bytes() for path in workspace.checks.iterdir()} == files


def test_what_a_person_has_confirmed_is_not_listed_again(workspace: Workspace) -> None:
    plant(workspace)
    found = [one for one in check(workspace).suspicions if planted(one)]
    rows = ["video_a,track_a,frame_a,video_b,track_b,frame_b,same"]
    for one in found:
        a, b = (f"{one[f'video_{side}']},{one[f'track_{side}']}," for side in "ab")
        if one["kind"] == "mixed-track":
            rows.append(f"{a}0,{a}150,1")
        else:
            rows.append(f"{a},{b},{1 if one['kind'] == 'mixed-identity' else 0}")
    workspace.judgements.write_text("\n".join(rows) + "\n")
    again = check(workspace).suspicions
    named = {(one["kind"], one["pid"], one["other_pid"], one["track_a"]) for one in found}
    assert not named & {(one["kind"], one["pid"], one["other_pid"], one["track_a"]) for one in again}
    assert propose_identities(workspace, ProposeConfig(), embedder="colour", device="cpu").n_judged == 4


def test_what_is_not_checked_is_said(workspace: Workspace) -> None:
    pid = annotated(workspace)
    for track in range(6):
        pid["street", track] = ""
    pid["street", 6] = -1
    write(workspace, pid)
    heard = Heard()
    done = check(workspace, progress=heard)
    assert (done.n_tracks, done.n_identities) == (33, PEOPLE)
    assert "6 tracks without an identity, which are not checked" in heard.notes
    assert "1 track marked as not a person, which are not checked" in heard.notes
    write(workspace, {key: value for key, value in pid.items() if key[0] == "flight"})
    heard = Heard()
    check(workspace, progress=heard)
    assert "all tracks are of one camera: only tracks of this camera are compared" in heard.notes
    write(workspace, {("flight", 0): 5, ("flight", 1): 5})
    heard = Heard()
    assert not check(workspace, progress=heard).suspicions
    assert "all tracks are of one identity: they are only checked for two people" in heard.notes
    assert any("identities are not checked for two people" in note for note in heard.notes)
    assert "Nothing is suspicious" in (workspace.checks / "check.html").read_text()


def test_bad_input(workspace: Workspace, tmp_path: Path) -> None:
    write(workspace, {("flight", 0): -1, ("flight", 1): ""})
    with pytest.raises(InputError, match="no track has an identity yet") as caught:
        check(workspace)
    assert "agreid review" in str(caught.value)
    workspace.identities.unlink()
    with pytest.raises(MissingError, match="there is nothing to check"):
        check(workspace)
    with pytest.raises(MissingError, match=r"crops\.parquet"):
        write(Workspace(tmp_path), {})
        check(Workspace(tmp_path))
    workspace.identities.write_text("video_id,track_id,pid\nflight,77,1\n")
    with pytest.raises(InputError, match="flight has no track 77"):
        check(workspace)
    assert not workspace.checks.exists()


def test_the_command(workspace: Workspace) -> None:
    plant(workspace)
    words = ["check-identities", "--workspace", str(workspace.root), "--embedder", "colour"]
    shown = CliRunner().invoke(app, words)
    assert shown.exit_code == 0, shown.output
    assert "40 tracks of 10 identities" in shown.stdout
    assert "a track looks like another identity" in shown.stdout
    data = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert data["counts"]["wrong-identity"] >= 2
    few = json.loads(CliRunner().invoke(app, [*words, "--json", "--set", "least=0.1"]).stdout)
    assert len(few["suspicions"]) < len(data["suspicions"])


class TestPage:
    pytestmark = NEEDS_BROWSER

    def test_answers_are_exported_and_read_back(self, workspace: Workspace, tmp_path: Path) -> None:
        plant(workspace)
        done = check(workspace)
        n = len(done.suspicions)
        with opened(done.page) as seen:
            page = seen.page
            assert page.inner_text("#count") == f"0 of {n}: 0 right, 0 to correct"
            wrong = [at for at, one in enumerate(done.suspicions) if planted(one)]
            for at in wrong:
                page.focus(f"#case-{at}")
                page.keyboard.press("c")
                assert page.get_attribute(f"#case-{at}", "data-answer") == "correct"
            for at in sorted(set(range(n)) - set(wrong)):
                if page.get_attribute(f"#case-{at}", "data-answer") == "open":
                    page.focus(f"#case-{at}")
                    page.keyboard.press("r")
            assert page.inner_text("#count").startswith(f"{n} of {n}: ")
            assert ", 5 to correct, " in page.inner_text("#count")
            assert "settled by these" in page.inner_text("#count")
            page.reload()
            assert page.inner_text("#count").startswith(f"{n} of {n}")
            page.focus(f"#case-{wrong[0]}")
            page.keyboard.press("u")
            assert not page.inner_text("#count").startswith(f"{n} of {n}")
            page.click("#undo")
            assert page.inner_text("#count").startswith(f"{n} of {n}")
            files = [
                seen.download(f"#save-{name}", tmp_path / f"{name}.csv")
                for name in ("identities", "judgements")
            ]
            seen.resize(390, 844)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert seen.faults() == []
        for file, place in zip(files, (workspace.identities, workspace.judgements), strict=True):
            place.write_bytes(file.read_bytes())
        groups: dict[str, set[int]] = {}
        with workspace.identities.open(newline="") as file:
            for row in csv.DictReader(file):
                track = int(row["track_id"])
                person = (
                    8 if (row["video_id"], track, row["frame_from"]) == ("street", 14, "90") else track // 2
                )
                groups.setdefault(row["pid"], set()).add(person)
        assert all(len(people) == 1 for people in groups.values()), groups
        again = check(workspace)
        assert not [one for one in again.suspicions if planted(one)]
