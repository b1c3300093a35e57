"""Identities of extracted tracks, taken from the ground truth."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest

from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.config.synth import SynthConfig
from agreid_cli.errors import InputError, MissingError
from agreid_cli.records.campus import TRACKS, Campus
from agreid_cli.records.crops import CROPS
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.match_truth import match_truth
from agreid_cli.stages.campus.synth import synth
from agreid_cli.stages.data.build_manifest import build_manifest, refresh_manifest
from tests.support.heard import Heard

SMALL = SynthConfig(identities=3, seed=6, pairs=1, seconds=2, fps=5, every=2, size=0.12, workers=1)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("filmed")
    synth(Workspace(root), SMALL)
    return root


@pytest.fixture
def campus(filmed: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(filmed, tmp_path / "campus")
    return Workspace(tmp_path / "campus")


def truth_of(workspace: Workspace, platform: str) -> list[dict[str, Any]]:
    (path,) = (workspace.truth.root / "tracks").glob(f"*_{platform}.parquet")
    return TRACKS.read(path).to_pylist()


def crop(row: dict[str, Any], track: int, *, moved: float = 0.0) -> dict[str, Any]:
    """A crop as extract-crops would cut it, on the box of what is seen, or `moved` widths beside it."""
    x1, y1, x2, y2 = (round(row[f"seen_{k}"]) for k in ("x1", "y1", "x2", "y2"))
    shift = round(moved * (x2 - x1))
    name = f"t{track:05d}_f{row['frame']:06d}"
    uav = row["video_id"].endswith("uav")
    return {
        "crop_id": f"{row['video_id']}_{name}", "path": f"images/{row['video_id']}/{name}.jpg",
        "camid": 0 if uav else 3, "platform": "uav" if uav else "cctv", "video_id": row["video_id"],
        "track_id": track, "frame": row["frame"], "x1": x1 + shift, "x2": x2 + shift, "y1": y1, "y2": y2,
        "width": x2 - x1, "height": y2 - y1, "frame_width": 4000, "frame_height": 4000,
    }  # fmt: skip


def write(workspace: Workspace, rows: list[dict[str, Any]]) -> None:
    CROPS.write(pa.Table.from_pylist(rows, CROPS.schema), workspace.crops)


def extracted(workspace: Workspace) -> list[dict[str, Any]]:
    """Truth's tracks as another tracker numbers them: 10 more, and one track that changes its person."""
    rows = [
        crop(row, row["track_id"] + 10)
        for platform in ("uav", "cctv")
        for row in truth_of(workspace, platform)
        if row["frame"] % 2 == 0 and row["visible"] > 0.8 and row["in_frame"] > 0.9
    ]
    for row in rows:
        if row["platform"] == "uav" and row["track_id"] in (11, 12) and row["frame"] >= 4:
            row["track_id"] = 23 - row["track_id"]
    return rows


def identities(workspace: Workspace) -> list[dict[str, str]]:
    with open(workspace.identities, newline="") as file:
        return list(csv.DictReader(file))


def test_every_crop_gets_the_person_whose_box_it_lies_on(campus: Workspace) -> None:
    rows = extracted(campus)
    right = {
        (row["video_id"], row["frame"], row["track_id"] + 10): row["pid"]
        for platform in ("uav", "cctv")
        for row in truth_of(campus, platform)
    }
    write(campus, rows)
    heard = Heard()
    build_manifest(campus, ManifestConfig(), progress=heard)
    assert any("taken from the campus's ground truth: 3 in" in note for note in heard.notes)
    for row in read_manifest(campus.manifest).to_pylist():
        track = row["track_id"]
        if row["platform"] == "uav" and track in (11, 12) and row["frame"] >= 4:
            track = 23 - track
        assert row["pid"] == right[row["video_id"], row["frame"], track]
    divided = [row for row in identities(campus) if row["frame_from"] or row["frame_to"]]
    assert {(row["track_id"], row["frame_from"], row["frame_to"]) for row in divided} == {
        ("11", "", "3"), ("11", "4", ""), ("12", "", "3"), ("12", "4", "")
    }  # fmt: skip


def test_a_track_on_nobody_is_junk_and_a_half_covered_one_is_not(campus: Workspace) -> None:
    (row, *_) = [row for row in truth_of(campus, "cctv") if row["frame"] == 4]
    write(campus, [crop(row, 1, moved=0.3), crop(row, 2, moved=3.0)])
    found = match_truth(campus)
    assert (found.tracks, found.identities, found.junk_tracks, found.split_tracks) == (2, 1, 1, 0)
    assert [line["pid"] for line in identities(campus)] == [str(row["pid"]), "-1"]


def test_crops_get_the_body_parts_of_their_own_person(campus: Workspace) -> None:
    rows = [row for row in extracted(campus) if row["platform"] == "uav" and row["frame"] == 2]
    write(campus, rows)
    assert match_truth(campus).masks == len(rows) >= 2
    whole = cv2.imread(str(campus.truth.frame_parts(rows[0]["video_id"], 2)), cv2.IMREAD_UNCHANGED)
    for row in rows:
        mask = cv2.imread(str(campus.truth.crop_parts(row["path"])), cv2.IMREAD_UNCHANGED)
        own = whole[int(row["y1"]) : int(row["y2"]), int(row["x1"]) : int(row["x2"])]
        assert (mask == np.where(own // 16 == row["track_id"] - 10, own % 16, 0)).all()
        assert (mask > 0).any()


def test_new_crops_are_matched_again_but_a_hand_s_work_is_kept(campus: Workspace) -> None:
    rows = extracted(campus)
    write(campus, [row for row in rows if row["platform"] == "uav"])
    build_manifest(campus, ManifestConfig())
    few = len(identities(campus))
    write(campus, rows)
    refresh_manifest(campus)
    assert len(identities(campus)) > few
    assert {row["platform"] for row in read_manifest(campus.manifest).to_pylist()} == {"uav", "cctv"}
    text = campus.identities.read_text().rstrip().rpartition("\n")[0] + "\n"
    campus.identities.write_text(text)
    write(campus, rows[:-1])
    refresh_manifest(campus)
    assert campus.identities.read_text() == text
    with pytest.raises(InputError, match="not made from the ground truth"):
        match_truth(campus)
    match_truth(campus, overwrite=True)
    assert campus.identities.read_text() != text


def test_without_a_finished_campus_or_crops_it_says_what_to_do(campus: Workspace, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="contains no ground truth"):
        match_truth(Workspace(tmp_path / "nothing"))
    with pytest.raises(MissingError, match=r"crops\.parquet"):
        match_truth(campus)
    write(campus, [{**extracted(campus)[0], "video_id": "other"}])
    with pytest.raises(InputError, match="no crop of the campus's videos"):
        match_truth(campus)
    record = Campus.read(campus.truth.record)
    assert record is not None
    replace(record, complete=False).write(campus.truth.record)
    with pytest.raises(MissingError, match="not finished"):
        match_truth(campus)
