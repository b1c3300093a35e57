from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.mat import write_mat
from agreid_cli.attributes.official import official_codebook
from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.errors import InputError, MissingError
from agreid_cli.progress import SILENT, Task
from agreid_cli.records.crops import CROPS
from agreid_cli.records.manifest import attribute_matrix, codebook_of, read_manifest
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.data.build_manifest import build_manifest, refresh_manifest
from agreid_cli.stages.data.manifest_inputs import manifest_is_stale
from tests.support.annotations import annotated, random_codes, write_attributes, write_identities
from tests.support.labels import vector_of
from tests.support.tables import crops_table, write_crops, write_manifest

BOOK = official_codebook()
DEFAULT = ManifestConfig()


class Listener:
    """Keeps what a stage says."""

    def __init__(self) -> None:
        self.said: list[str] = []

    @contextmanager
    def task(self, label: str, total: int | None, unit: str) -> Iterator[Task]:
        with SILENT.task(label, total, unit) as task:
            yield task

    def note(self, text: str) -> None:
        self.said.append(text)

    def warn(self, text: str) -> None:
        self.said.append(f"warning: {text}")


def test_every_crop_gets_its_identity_and_attributes(tmp_path: Path) -> None:
    workspace = annotated(tmp_path, 1, n_pids=4, junk_tracks=1, junk_from=5)
    result = build_manifest(workspace, DEFAULT)
    table = read_manifest(workspace.manifest)
    crops = CROPS.read(workspace.crops)
    assert table["crop_id"].to_pylist() == sorted(crops["crop_id"].to_pylist())
    codes = random_codes(1, [1, 2, 3, 4])
    for row in table.to_pylist():
        assert row["pid"] == (row["track_id"] if row["track_id"] < 5 else -1)
        assert row["path"] == f"crops/images/{row['crop_id']}.jpg"
        if row["pid"] == -1:
            assert row["attr_bits"] is row["attr_known"] is None
            continue
        person = dict(zip(BOOK.names, codes[row["pid"]], strict=True))
        assert row["attr_bits"] == vector_of(person, BOOK).tolist()
        for known, group in zip(row["attr_known"], BOOK.groups, strict=True):
            assert known == (group.labels[person[group.name]].lower() != "unknown")
    assert Codebook.from_json(codebook_of(table)) == BOOK
    assert (result.n_crops, result.n_identities, result.n_both_views) == (30, 4, 4)
    assert (result.n_with_attributes, result.n_junk_crops, result.n_unannotated_crops) == (4, 6, 0)
    assert result.support.sum() == 4 * 15


def test_order_of_rows_and_line_ends_do_not_change_the_rows(tmp_path: Path) -> None:
    workspace = annotated(tmp_path, 2)
    build_manifest(workspace, DEFAULT)
    first = read_manifest(workspace.manifest)
    before = workspace.manifest.read_bytes()
    build_manifest(workspace, DEFAULT)
    assert workspace.manifest.read_bytes() == before
    for path in (workspace.identities, workspace.attributes):
        head, *rows = path.read_text().splitlines()
        path.write_text("\ufeff" + "\r\n".join([head, *reversed(rows)]), encoding="utf-8", newline="")
    build_manifest(workspace, DEFAULT)
    assert read_manifest(workspace.manifest).equals(first)


def test_tracks_without_a_pid_are_left_out_and_counted(tmp_path: Path) -> None:
    workspace = write_crops(tmp_path, 3, n_pids=4)
    write_identities(
        workspace.identities,
        {("campus-uav", 1): 1, ("campus-cctv", 1): 1, ("campus-uav", 2): "", ("campus-uav", 3): 2},
    )
    listener = Listener()
    result = build_manifest(workspace, DEFAULT, progress=listener)
    assert set(read_manifest(workspace.manifest)["pid"].to_pylist()) == {1, 2}
    assert (result.n_crops, result.n_identities, result.n_both_views) == (9, 2, 1)
    assert (result.n_unannotated_crops, result.n_unannotated_tracks) == (15, 5)
    assert "left out: 12 crops of 4 tracks without a row in the identities" in listener.said
    assert "left out: 3 crops of 1 track without a pid yet" in listener.said
    assert any("no attributes.csv" in text for text in listener.said)
    assert not attribute_matrix(read_manifest(workspace.manifest)).any()


def test_a_track_of_two_people_is_divided_by_frames(tmp_path: Path) -> None:
    workspace = write_crops(tmp_path, 1, n_pids=2)
    lines = ["campus-uav,1,0,30,1", "campus-uav,1,31,,2", "campus-uav,2,,30,-1", "campus-cctv,1,,,1"]
    workspace.identities.write_text("\n".join(["video_id,track_id,frame_from,frame_to,pid", *lines]))
    listener = Listener()
    result = build_manifest(workspace, DEFAULT, progress=listener)
    rows = read_manifest(workspace.manifest).to_pylist()
    assert [(r["video_id"], r["track_id"], r["frame"], r["pid"]) for r in rows] == [
        *(("campus-cctv", 1, frame, 1) for frame in (0, 30, 60)),
        *(("campus-uav", 1, frame, pid) for frame, pid in ((0, 1), (30, 1), (60, 2))),
        *(("campus-uav", 2, frame, -1) for frame in (0, 30)),
    ]
    assert (result.n_unannotated_crops, result.n_unannotated_tracks) == (4, 2)
    assert "left out: 1 crop of 1 track without a pid yet" in listener.said


def test_what_does_not_fit_together_is_said(tmp_path: Path) -> None:
    workspace = annotated(tmp_path, 3, n_pids=3, attributes=False)
    write_attributes(workspace.attributes, random_codes(0, [1, 2, 77]))
    listener = Listener()
    result = build_manifest(workspace, DEFAULT, progress=listener)
    assert result.n_with_attributes == 2
    assert "no attributes for 1 identity: 3" in listener.said
    assert "warning: attributes.csv: no crop of 1 identity: 77" in listener.said


def test_the_mat_file_takes_the_place_of_the_csv(tmp_path: Path) -> None:
    workspace = annotated(tmp_path, 4, n_pids=3)
    build_manifest(workspace, DEFAULT)
    by_csv = read_manifest(workspace.manifest)
    vectors = dict(zip(by_csv["pid"].to_pylist(), attribute_matrix(by_csv), strict=True))
    write_mat(tmp_path / "a.mat", {1: vectors[1]}, {2: vectors[2], 3: vectors[3]}, BOOK)
    build_manifest(workspace, DEFAULT, attributes=tmp_path / "a.mat")
    assert read_manifest(workspace.manifest).equals(by_csv)


def test_groups_left_out_and_another_age_fold(tmp_path: Path) -> None:
    workspace = annotated(tmp_path, 5)
    fold = {"0-11": "old"}
    result = build_manifest(workspace, ManifestConfig(exclude=("ethnic", "bag"), age_fold=fold))
    table = read_manifest(workspace.manifest)
    assert attribute_matrix(table).shape[1] == result.codebook.n_bits == 88 - 5 - 9
    assert Codebook.from_json(codebook_of(table)) == official_codebook(result_fold()).excluding(
        ["ethnic", "bag"]
    )


def result_fold() -> dict[str, str]:
    return ManifestConfig(age_fold={"0-11": "old"}).age_fold  # type: ignore[return-value]


def test_all_faults_of_both_files_come_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    workspace = annotated(tmp_path, 6)
    build_manifest(workspace, DEFAULT)
    before = workspace.manifest.read_bytes()
    with open(workspace.identities, "a") as handle:
        handle.write("campus-uav,99,1\n")
    with open(workspace.attributes, "a") as handle:
        handle.write("8,it\n")
    with pytest.raises(InputError) as caught:
        build_manifest(workspace, DEFAULT)
    assert "2 problems in the annotations;" in caught.value.message
    assert [p.where.split(",")[0] for p in caught.value.problems] == ["identities.csv", "attributes.csv"]
    (tmp_path / "a.mat").write_bytes(b"no")
    with pytest.raises(InputError) as caught:
        build_manifest(workspace, DEFAULT, attributes=tmp_path / "a.mat")
    assert [p.where.split(",")[0] for p in caught.value.problems] == ["identities.csv", "a.mat"]
    assert workspace.manifest.read_bytes() == before


def test_missing_files_name_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="agreid extract-crops"):
        build_manifest(Workspace(tmp_path), DEFAULT)
    workspace = write_crops(tmp_path)
    with pytest.raises(MissingError, match="--template"):
        build_manifest(workspace, DEFAULT)
    write_identities(workspace.identities, {("campus-uav", 1): "", ("campus-uav", 2): -1})
    with pytest.raises(InputError, match="contains no identity yet"):
        build_manifest(workspace, DEFAULT)
    with pytest.raises(MissingError, match=r"nowhere\.csv does not exist"):
        build_manifest(workspace, DEFAULT, attributes=tmp_path / "nowhere.csv")


def test_crops_that_come_from_no_track_are_left_out(tmp_path: Path) -> None:
    workspace = annotated(tmp_path, 7, n_pids=2, attributes=False)
    rows = crops_table(7, n_pids=2).to_pylist()
    rows[0]["track_id"] = None
    CROPS.write(crops_table(7, n_pids=2).from_pylist(rows, schema=CROPS.schema), workspace.crops)
    listener = Listener()
    assert build_manifest(workspace, DEFAULT, progress=listener).n_crops == 11
    assert "left out: 1 crop without a track" in listener.said


def test_a_manifest_is_stale_by_content_and_not_by_date(tmp_path: Path) -> None:
    workspace = annotated(tmp_path / "a", 8, attributes=False)
    assert manifest_is_stale(workspace)
    build_manifest(workspace, DEFAULT)
    assert not manifest_is_stale(workspace)
    assert refresh_manifest(workspace) is None
    shutil.copytree(tmp_path / "a", tmp_path / "b")  # another place, other dates
    assert not manifest_is_stale(Workspace(tmp_path / "b"))
    write_attributes(workspace.attributes, random_codes(8, [1, 2, 3, 4, 5, 6]))
    assert manifest_is_stale(workspace)
    renewed = refresh_manifest(workspace)
    assert renewed is not None
    assert renewed.n_with_attributes == 6
    CROPS.write(crops_table(8, n_pids=7), workspace.crops)
    assert manifest_is_stale(workspace)
    workspace.crops.unlink()
    assert not manifest_is_stale(workspace)


def test_a_stale_manifest_is_built_again_as_it_was(tmp_path: Path) -> None:
    workspace = annotated(tmp_path, 9)
    other = tmp_path / "who.csv"
    workspace.identities.rename(other)
    build_manifest(workspace, ManifestConfig(exclude=("age",)), identities=other)
    assert not manifest_is_stale(workspace)
    other.write_text(other.read_text().replace("campus-uav,1,1", "campus-uav,1,-1"))
    result = refresh_manifest(workspace)
    assert result is not None
    assert result.codebook.n_bits == 84
    assert result.n_junk_crops == 3


def test_an_imported_manifest_is_never_stale_and_its_replacement_is_said(tmp_path: Path) -> None:
    workspace = write_manifest(tmp_path, 1)
    annotated(tmp_path, 2)
    assert not manifest_is_stale(workspace)
    listener = Listener()
    build_manifest(workspace, DEFAULT, progress=listener)
    assert any("made by another command and is replaced" in text for text in listener.said)


def test_many_crops_are_joined_as_the_obvious_loop_would(tmp_path: Path) -> None:
    workspace = annotated(
        tmp_path, 10, n_pids=40, crops_per_pid=(0, 6), paired=0.5, junk_tracks=5, junk_from=41
    )
    result = build_manifest(workspace, DEFAULT)
    rows = read_manifest(workspace.manifest).to_pylist()
    assert result.n_crops == len(rows)
    views = {p: {r["platform"] for r in rows if r["pid"] == p} for p in {r["pid"] for r in rows} - {-1}}
    assert result.n_identities == len(views)
    assert result.n_both_views == sum(len(v) == 2 for v in views.values())
    people = {r["pid"]: r["attr_bits"] for r in rows if r["pid"] != -1}
    assert result.support.tolist() == np.array(list(people.values())).sum(axis=0).tolist()
