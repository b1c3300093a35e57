"""The output of `synth` in a workspace, and its errors; on a campus small enough for a second."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from filelock import FileLock

from agreid_cli.attributes.attributes_csv import read_attributes
from agreid_cli.attributes.official import official_codebook
from agreid_cli.config.build_split import SplitConfig
from agreid_cli.config.extract_crops import ExtractConfig
from agreid_cli.config.load import load_section
from agreid_cli.config.recipes import load_train
from agreid_cli.config.synth import LIKE, LeastHeight, SynthConfig
from agreid_cli.errors import AgreidError, InputError, Problems
from agreid_cli.records.campus import CAMERAS, TRACKS, Campus
from agreid_cli.records.crops import CROPS
from agreid_cli.records.manifest import attribute_matrix, read_manifest
from agreid_cli.records.naming import parse_video_name
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.campus import synth as stage
from agreid_cli.stages.campus import synth_crops, synth_video
from agreid_cli.stages.campus.synth import synth
from agreid_cli.stages.data.build_split import build_split
from tests.support.heard import Heard
from tests.support.tiny import tree

SMALL = SynthConfig(identities=4, seed=3, pairs=1, seconds=2, fps=5, every=2, size=0.12, workers=1)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("films"))
    synth(workspace, SMALL)
    return workspace


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("crops"))
    synth(workspace, SMALL, truth_only=True)
    return workspace


def test_the_workspace_s_settings_name_the_detector_that_comes_along(films: Workspace) -> None:
    assert load_section(ExtractConfig, "extract-crops", films.config).detector.weights == "campus"


@pytest.mark.parametrize(("identities", "p"), [(4, 2), (24, 6), (400, 8)])
def test_the_workspace_s_batch_fits_its_people(tmp_path: Path, identities: int, p: int) -> None:
    stage.write_settings(Workspace(tmp_path), identities)
    for name in (None, "explain-campus"):
        config = load_train(tmp_path / "agreid.toml", name=name)
        assert config.recipe == (name or "campus")
        assert config.data.p == p <= max(2, identities // 2), "half of the people are trained on"


def test_videos_come_with_their_truth(films: Workspace) -> None:
    campus = Campus.read(films.truth.record)
    assert campus is not None
    assert campus.complete
    assert {path.stem for path in films.videos.iterdir()} == set(campus.videos)
    for video in campus.videos:
        said = parse_video_name(video, ["uav", "cctv"])
        assert said is not None
        reader = cv2.VideoCapture(str(films.videos / f"{video}.mp4"))
        size = tuple(int(reader.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        assert size == ((460, 260) if said.platform == "uav" else (84, 58))
        assert [reader.read()[0] for _ in range(11)] == [True] * 10 + [False]
        tracks = TRACKS.read(films.truth.tracks(video)).to_pylist()
        assert {row["frame"] for row in tracks} == set(range(10))
        assert CAMERAS.read(films.truth.cameras(video))["frame"].to_pylist() == list(range(10))
        mot = films.truth.mot(video).read_text().splitlines()
        assert len(mot) == len(tracks)
        parts = cv2.imread(str(films.truth.frame_parts(video, 4)), cv2.IMREAD_UNCHANGED)
        assert parts.dtype == np.uint16
        assert parts.shape == size[::-1]
        here = {row["track_id"] for row in tracks if row["frame"] == 4}
        assert set(np.unique(parts // 16)) - {0} == here


def test_people_are_those_of_the_official_table(films: Workspace) -> None:
    problems = Problems()
    rows = read_attributes(films.truth.attributes, official_codebook(), problems)
    assert problems.found == []
    assert len(rows.bits) == 4
    lines = films.truth.identities.read_text().splitlines()
    assert lines[0] == "video_id,track_id,pid"
    assert {int(line.split(",")[2]) for line in lines[1:]} == set(rows.bits)


def test_truth_only_gives_what_the_other_commands_read(crops: Workspace) -> None:
    table = CROPS.read(crops.crops).to_pylist()
    assert {row["platform"] for row in table} == {"uav", "cctv"}
    for row in table:
        image = cv2.imread(str(crops.crops_dir / row["path"]))
        mask = cv2.imread(str(crops.truth.crop_parts(row["path"])), cv2.IMREAD_UNCHANGED)
        assert image.shape == (row["height"], row["width"], 3)
        assert mask.shape == image.shape[:2]
        assert 0.1 < (mask > 0).mean() < 0.95
        assert row["frame"] % 2 == 0
        assert row["time_s"] == row["frame"] / 5
        assert row["camid"] == {"uav": 0, "cctv": 3}[row["platform"]]
        assert (row["x2"] - row["x1"], row["y2"] - row["y1"]) == (row["width"], row["height"])
    manifest = read_manifest(crops.manifest)
    assert len(set(manifest["pid"].to_pylist())) == 4
    assert (attribute_matrix(manifest).sum(axis=1) == 15).all()
    split = build_split(crops, SplitConfig())
    assert split.counts.train_identities == 2


def test_crops_of_truth_are_the_crops_of_the_video_but_for_its_compression(
    films: Workspace, crops: Workspace
) -> None:
    gaps = []
    for row in CROPS.read(crops.crops).to_pylist():
        reader = cv2.VideoCapture(str(films.videos / f"{row['video_id']}.mp4"))
        frame = [reader.read()[1] for _ in range(row["frame"] + 1)][-1]
        x1, y1, x2, y2 = (int(row[k]) for k in ("x1", "y1", "x2", "y2"))
        image = cv2.imread(str(crops.crops_dir / row["path"])).astype(float)
        if row["pixelated"] == "none":
            gaps.append(np.abs(frame[y1:y2, x1:x2].astype(float) - image).mean())
    assert len(gaps) > 10
    assert max(gaps) < 7
    assert np.mean(gaps) < 4


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_workers(
    crops: Workspace, films: Workspace, tmp_path: Path
) -> None:
    two = Workspace(tmp_path / "two")
    synth(two, SMALL.model_copy(update={"workers": 2}), truth_only=True)
    made = {name: data for name, data in tree(crops.root).items() if not name.startswith("split")}
    assert tree(two.root) == made
    again = Workspace(tmp_path / "again")
    synth(again, SMALL)
    assert tree(again.root) == tree(films.root)
    other = Workspace(tmp_path / "other")
    synth(other, SMALL.model_copy(update={"seed": 4}), truth_only=True)
    assert tree(other.root).keys() != made.keys()


def test_a_finished_campus_is_left_as_it_is_and_another_is_refused_or_replaced(
    tmp_path: Path, films: Workspace
) -> None:
    workspace, heard = Workspace(tmp_path), Heard()
    synth(workspace, SMALL, truth_only=True)
    before = tree(tmp_path)
    assert synth(workspace, SMALL, truth_only=True, progress=heard).state == "unchanged"
    assert "left unchanged" in heard.notes[0]
    assert tree(tmp_path) == before
    with pytest.raises(InputError, match="another campus") as caught:
        synth(workspace, SMALL.model_copy(update={"seed": 4}), truth_only=True)
    assert [str(p) for p in caught.value.problems] == ["seed: was 3, now 4"]
    with pytest.raises(InputError, match="another campus") as caught:
        synth(workspace, SMALL)
    assert "--truth-only" in str(caught.value)
    assert tree(tmp_path) == before
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "mine").write_text("kept")
    synth(workspace, SMALL, overwrite=True)
    after = tree(tmp_path)
    assert after.pop("runs/mine") == b"kept"
    assert after == tree(films.root)


@pytest.mark.parametrize("name", ["crops/crops.parquet", "videos/holiday.mp4", "manifest.parquet"])
def test_what_something_else_made_is_never_replaced(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"mine")
    for overwrite in (False, True):
        with pytest.raises(InputError, match="not a synthetic campus"):
            synth(Workspace(tmp_path), SMALL, overwrite=overwrite)
    assert tree(tmp_path) == {name: b"mine"}


def test_settings_of_one_s_own_are_kept(tmp_path: Path) -> None:
    (tmp_path / "agreid.toml").write_text("[train]\nrecipe = 'bot-vit'\n")
    synth(Workspace(tmp_path), SMALL, truth_only=True)
    assert "bot-vit" in (tmp_path / "agreid.toml").read_text()


@pytest.mark.parametrize("truth_only", [True, False])
def test_after_an_interruption_it_goes_on_and_ends_in_the_same_bytes(
    tmp_path: Path, films: Workspace, crops: Workspace, monkeypatch: pytest.MonkeyPatch, truth_only: bool
) -> None:
    workspace, module = Workspace(tmp_path), synth_crops if truth_only else synth_video
    name = "cut_out" if truth_only else "film"
    work, calls = getattr(module, name), []

    def stopped(config: SynthConfig, reel: Any, frame: int) -> Any:
        calls.append(frame)
        if reel.platform == "cctv" and frame == 4:
            raise KeyboardInterrupt
        return work(config, reel, frame)

    monkeypatch.setattr(module, name, stopped)
    with pytest.raises(KeyboardInterrupt):
        synth(workspace, SMALL, truth_only=truth_only)
    assert not [path for path in tmp_path.rglob("*") if ".tmp" in path.name]
    assert not workspace.manifest.exists()
    campus = Campus.read(workspace.truth.record)
    assert campus is not None
    assert not campus.complete
    calls.clear()
    monkeypatch.setattr(module, name, work)
    heard = Heard()
    assert synth(workspace, SMALL, truth_only=truth_only, progress=heard).state == "resumed"
    assert "continuing" in heard.notes[0]
    made = tree((crops if truth_only else films).root)
    made.pop("split.parquet", None)
    assert tree(tmp_path) == made


def test_a_full_disk_is_one_sentence_and_nothing_is_taken_for_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(AgreidError, match="the disk is full"):
        synth(Workspace(tmp_path), SMALL, truth_only=True)


def test_a_video_that_the_disk_cut_short_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = synth_video.FilmWriter.add

    def half(self: Any, image: np.ndarray) -> None:
        if self.frames < 5:
            self._writer.write(image)
        self.frames += 1

    monkeypatch.setattr(synth_video.FilmWriter, "add", half)
    with pytest.raises(AgreidError, match="5 of 10 frames"):
        synth(Workspace(tmp_path), SMALL)
    assert list((tmp_path / "videos").iterdir()) == []
    monkeypatch.setattr(synth_video.FilmWriter, "add", real)


def test_a_campus_that_cannot_be_is_refused_with_all_that_is_wrong(tmp_path: Path) -> None:
    wrong = SynthConfig(identities=2, pairs=3000, seconds=0.01)
    with pytest.raises(InputError) as caught:
        synth(Workspace(tmp_path), wrong)
    assert len(caught.value.problems) == 3
    assert tree(tmp_path) == {}
    with pytest.raises(InputError, match="no person in this campus is visible enough"):
        low = SMALL.model_copy(update={"min_height": LeastHeight(uav=9999, cctv=9999)})
        synth(Workspace(tmp_path / "low"), low, truth_only=True)


def test_the_preset_has_the_paper_s_numbers() -> None:
    config = SynthConfig(**LIKE["agreid"])
    assert (config.identities, config.n_pairs, config.size, config.every) == (388, 12, 1.0, 26)


def test_what_a_killed_run_left_is_swept_up_and_two_at_once_are_refused(
    tmp_path: Path, crops: Workspace
) -> None:
    workspace = Workspace(tmp_path)
    left = tmp_path / "crops" / "images" / ".T03170A0C0_uav.99.tmp"
    left.mkdir(parents=True)
    (left / "half.jpg").write_bytes(b"half")
    record = Campus.read(crops.truth.record)
    assert record is not None
    replace(record, complete=False).write(workspace.truth.record)
    with FileLock(workspace.truth.root / ".lock"), pytest.raises(AgreidError, match="another agreid"):
        synth(workspace, SMALL, truth_only=True)
    synth(workspace, SMALL, truth_only=True)
    made = tree(crops.root)
    made.pop("split.parquet", None)
    assert tree(tmp_path) == made
