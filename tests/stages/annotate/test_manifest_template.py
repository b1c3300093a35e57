from __future__ import annotations

import csv
from pathlib import Path

import pytest

from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.errors import InputError
from agreid_cli.records.crops import CROPS
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.manifest_template import write_template
from agreid_cli.stages.data.build_manifest import build_manifest
from tests.support.annotations import random_codes, write_attributes
from tests.support.tables import crops_table, write_crops

DEFAULT = ManifestConfig()


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def fill(path: Path, **cells: str) -> None:
    """Fill in cells by a format of the row's own: pid="{track_id}"."""
    rows = rows_of(path)
    with open(path, "w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows([{**row, **{k: v.format(**row) for k, v in cells.items()}} for row in rows])


def test_from_nothing_to_a_manifest(tmp_path: Path) -> None:
    workspace = write_crops(tmp_path, 1, n_pids=3)
    (workspace.crops_dir / "contact-campus-uav.jpg").write_bytes(b"")
    first = write_template(workspace, DEFAULT)
    assert first.written == {workspace.identities: 6, workspace.attributes: 0}
    assert first.contact_sheets == [workspace.crops_dir / "contact-campus-uav.jpg"]
    tracks = rows_of(workspace.identities)
    assert [(row["video_id"], row["track_id"]) for row in tracks] == [
        (video, str(n)) for video in ("campus-cctv", "campus-uav") for n in (1, 2, 3)
    ]
    assert {row["pid"] for row in tracks} == {""}
    assert tracks[3]["contact_sheet"] == "crops/contact-campus-uav.jpg"
    assert (tracks[3]["first_frame"], tracks[3]["last_frame"], tracks[3]["crops"]) == ("0", "60", "3")

    fill(workspace.identities, pid="10{track_id}")
    second = write_template(workspace, DEFAULT)
    assert second.written == {workspace.attributes: 3}
    assert second.kept == [workspace.identities]
    assert [row["pid"] for row in rows_of(workspace.attributes)] == ["101", "102", "103"]
    assert build_manifest(workspace, DEFAULT).n_with_attributes == 0  # not a label yet

    fill(workspace.attributes, gender="male")
    assert build_manifest(workspace, DEFAULT).n_with_attributes == 3
    with pytest.raises(InputError, match="nothing was written"):
        write_template(workspace, DEFAULT)


def test_a_divided_track_gives_a_row_to_each_of_its_people(tmp_path: Path) -> None:
    workspace = write_crops(tmp_path, 1, n_pids=1)
    lines = ["campus-uav,1,0,30,7", "campus-uav,1,60,,8", "campus-cctv,1,,,7"]
    workspace.identities.write_text("\n".join(["video_id,track_id,frame_from,frame_to,pid", *lines]))
    write_template(workspace, DEFAULT)
    assert [(row["pid"], row["crops"]) for row in rows_of(workspace.attributes)] == [("7", "5"), ("8", "1")]


def test_every_page_of_a_contact_sheet_is_named(tmp_path: Path) -> None:
    workspace = write_crops(tmp_path, 1)
    for name in ("campus-uav", "campus-uav~2", "campus-uav~3", "campus-uav-2", "other"):
        (workspace.crops_dir / f"contact-{name}.jpg").write_bytes(b"")
    sheets = write_template(workspace, DEFAULT).contact_sheets
    assert [path.name for path in sheets] == [f"contact-campus-uav{page}.jpg" for page in ("", "~2", "~3")]


def test_a_template_without_annotations_is_written_anew(tmp_path: Path) -> None:
    workspace = write_crops(tmp_path, 1, n_pids=2)
    write_template(workspace, DEFAULT)
    before = workspace.identities.read_bytes()
    assert set(write_template(workspace, DEFAULT).written) == {workspace.identities, workspace.attributes}
    assert workspace.identities.read_bytes() == before
    workspace.identities.write_text("")
    assert workspace.identities in write_template(workspace, DEFAULT).written


def test_annotations_are_kept_and_the_rows_they_lack_are_written_beside(tmp_path: Path) -> None:
    workspace = write_crops(tmp_path, 1, n_pids=2)
    write_template(workspace, DEFAULT)
    fill(workspace.identities, pid="{track_id}")
    write_attributes(workspace.attributes, random_codes(0, [1]))
    before = {path: path.read_bytes() for path in (workspace.identities, workspace.attributes)}
    CROPS.write(crops_table(1, n_pids=4), workspace.crops)
    result = write_template(workspace, DEFAULT)
    assert {path.name: n for path, n in result.written.items()} == {
        "identities-new.csv": 4,
        "attributes-new.csv": 1,
    }
    assert {path: path.read_bytes() for path in before} == before
    assert {row["track_id"] for row in rows_of(tmp_path / "identities-new.csv")} == {"3", "4"}
    assert [row["pid"] for row in rows_of(tmp_path / "attributes-new.csv")] == ["2"]
    fill(tmp_path / "identities-new.csv", pid="5")
    fill(tmp_path / "attributes-new.csv", bag="0")
    with pytest.raises(InputError, match="nothing was written"):
        write_template(workspace, DEFAULT)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"video_id,track_id,pid\ncampus-uav,1\n", b"hello\n5\n"]
)
def test_a_file_that_cannot_be_read_is_never_overwritten(tmp_path: Path, content: bytes) -> None:
    workspace = write_crops(tmp_path, 1)
    workspace.identities.write_bytes(content)
    with pytest.raises(InputError):
        write_template(workspace, DEFAULT)
    assert workspace.identities.read_bytes() == content
    assert not workspace.attributes.exists()


def test_groups_left_out_get_no_column(tmp_path: Path) -> None:
    workspace = write_crops(tmp_path, 1)
    write_template(workspace, ManifestConfig(exclude=("ethnic",)))
    header = workspace.attributes.read_text().splitlines()[0].split(",")
    assert "ethnic" not in header
    assert len(header) == 1 + 14 + 2


def test_crops_without_tracks_have_nothing_to_fill_in(tmp_path: Path) -> None:
    rows = [{**row, "track_id": None} for row in crops_table(1).to_pylist()]
    workspace = Workspace(tmp_path)
    CROPS.write(crops_table(1).from_pylist(rows, schema=CROPS.schema), workspace.crops)
    with pytest.raises(InputError, match="contains no track"):
        write_template(workspace, DEFAULT)
