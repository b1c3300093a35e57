"""The data of the annotation page; its behaviour is tested in tests/reporting."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from PIL import Image
from typer.testing import CliRunner

from agreid_cli.attributes.official import official_codebook
from agreid_cli.cli.app import app
from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.config.review import ReviewConfig
from agreid_cli.errors import InputError, MissingError
from agreid_cli.records.crops import CROPS
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.review import review
from tests.support.annotations import annotated
from tests.support.faces import write_pictured
from tests.support.heard import Heard
from tests.support.proposed import write_proposed
from tests.support.tables import crops_table, write_crops

DEFAULT = ReviewConfig()


def data_of(page: Path) -> dict[str, Any]:
    text = page.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_every_crop_of_every_track_is_there_and_its_link_leads_to_it(tmp_path: Path) -> None:
    workspace = write_pictured(tmp_path / "a & b", 1, n_pids=3)
    result = review(workspace, DEFAULT)
    assert result.path == workspace.root / "review.html"
    data = data_of(result.path)
    crops = CROPS.read(workspace.crops).to_pylist()
    assert (result.n_tracks, result.n_crops, result.n_missing_images) == (6, len(crops), 0)
    shown = {
        (data["cameras"][track["camera"]]["video"], track["id"], frame): source
        for track in data["tracks"]
        for frame, source in zip(track["frames"], track["src"], strict=True)
    }
    assert shown.keys() == {(c["video_id"], c["track_id"], c["frame"]) for c in crops}
    for crop in crops:
        source = shown[(crop["video_id"], crop["track_id"], crop["frame"])]
        assert (workspace.root / unquote(source)).samefile(workspace.crops_dir / crop["path"])
    assert [camera["view"] for camera in data["cameras"]] == ["ground", "aerial"]
    assert data["spans"] == [[place, 0, 2, None] for place in range(6)]
    assert [group["labels"] for group in data["groups"]] == [
        list(group.labels) for group in official_codebook().groups
    ]
    assert "<title>Review of a &amp; b</title>" in result.path.read_text(encoding="utf-8")


def test_annotations_are_filled_in_and_a_divided_track_stays_divided(tmp_path: Path) -> None:
    workspace = annotated(tmp_path, 1, n_pids=2)
    huge = 2**63 - 1
    lines = ["campus-uav,1,0,30,7", f"campus-uav,1,60,,{huge}", "campus-uav,2,30,30,-1", "campus-cctv,1,,,7"]
    workspace.identities.write_text("\n".join(["video_id,track_id,frame_from,frame_to,pid", *lines]))
    names = official_codebook().names
    workspace.attributes.write_text(
        f"pid,{','.join(names)}\n7,F,45-54,{','.join([''] * 13)}\n{huge}{',' * 15}\n"
    )
    result = review(workspace, DEFAULT)
    data = data_of(result.path)
    assert data["spans"] == [
        [0, 0, 2, "7"],  # campus-cctv 1
        [1, 0, 2, None],
        [2, 0, 1, "7"],  # campus-uav 1
        [2, 2, 2, str(huge)],
        [3, 0, 0, None],
        [3, 1, 1, "-1"],
        [3, 2, 2, None],
    ]
    assert data["labels"] == {"7": {"gender": "female", "age": "45-54"}, str(huge): {}}
    assert (result.n_decided, result.n_identities) == (2, 2)


def test_accepted_pairs_give_pids_and_rejected_ones_are_kept(tmp_path: Path) -> None:
    workspace = write_proposed(tmp_path, 3)
    base = data_of(review(workspace, DEFAULT).path)["base"]
    lines = ["campus-uav,1,campus-cctv,1,1", "campus-uav,2,campus-cctv,1,0"]
    workspace.judgements.write_text("\n".join(["video_a,track_a,video_b,track_b,same", *lines]))
    heard = Heard()
    result = review(workspace, DEFAULT, progress=heard)
    data = data_of(result.path)
    assert (result.n_answers, result.n_identities, result.n_decided) == (2, 1, 2)
    assert [span[3] for span in data["spans"]] == ["1", None, None, "1", None, None]
    assert data["answers"] == [[0, 0, 3, 0, 1], [0, 0, 4, 0, 0]]
    assert data["base"] != base
    assert heard.notes == ["judgements.csv: 2 tracks without a pid: an accepted pair gives it"]
    other = tmp_path / "other.csv"
    workspace.judgements.rename(other)
    assert review(workspace, DEFAULT).n_answers == 0
    done = CliRunner().invoke(app, ["review", "-w", str(tmp_path), "--judgements", str(other)])
    assert f"; {result.n_proposals} proposals, 2 answered" in done.stdout
    other.write_text(other.read_text() + "\ncampus-uav,9,campus-cctv,1,1")
    with pytest.raises(InputError, match="1 problem"):
        review(workspace, DEFAULT, judgements=other)


def test_the_fingerprint_is_the_crops_and_the_base_is_the_annotations(tmp_path: Path) -> None:
    workspace = write_crops(tmp_path, 1, n_pids=2)
    first = data_of(review(workspace, DEFAULT).path)
    workspace.identities.write_text("video_id,track_id,pid\ncampus-uav,1,5\n")
    second = data_of(review(workspace, DEFAULT).path)
    assert second["fingerprint"] == first["fingerprint"]
    assert second["base"] != first["base"]
    CROPS.write(crops_table(1, n_pids=3), workspace.crops)
    assert data_of(review(workspace, DEFAULT).path)["fingerprint"] != first["fingerprint"]


def test_an_embedded_page_needs_no_other_file(tmp_path: Path) -> None:
    workspace = write_pictured(tmp_path, 1, n_pids=1, crops_per_pid=2)
    config = ReviewConfig(embed_height=64)
    result = review(workspace, config, out=tmp_path / "elsewhere" / "page.html", embed=True)
    for track in data_of(result.path)["tracks"]:
        for source in track["src"]:
            head, _, body = source.partition(",")
            assert head == "data:image/jpeg;base64"
            assert Image.open(io.BytesIO(base64.b64decode(body))).height == 64
    assert review(workspace, config, out=result.path, embed=True) == result
    linked = review(workspace, config, out=result.path)
    assert data_of(linked.path)["tracks"][0]["src"][0].startswith("../crops/images/")


def test_missing_images_are_counted_and_a_page_without_them_is_still_made(tmp_path: Path) -> None:
    workspace = write_pictured(tmp_path, 1, n_pids=1, crops_per_pid=2)
    gone = CROPS.read(workspace.crops)["path"][0].as_py()
    (workspace.crops_dir / gone).unlink()
    assert review(workspace, DEFAULT).n_missing_images == 1
    (workspace.crops_dir / CROPS.read(workspace.crops)["path"][1].as_py()).write_bytes(b"no image")
    assert review(workspace, DEFAULT, embed=True).n_missing_images == 2


def test_wrong_annotations_are_refused_all_at_once(tmp_path: Path) -> None:
    workspace = annotated(tmp_path, 1, n_pids=2)
    with open(workspace.attributes, "a") as handle:
        handle.write("9,mael" + ",0" * 14 + "\n")
    with open(workspace.identities, "a") as handle:
        handle.write("campus-uav,77,1\n")
    with pytest.raises(InputError, match="2 problems in the annotations") as caught:
        review(workspace, DEFAULT)
    assert "did you mean 'male'" in str(caught.value)
    assert not (workspace.root / "review.html").exists()


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"crops\.parquet does not exist"):
        review(Workspace(tmp_path), DEFAULT)
    workspace = write_crops(tmp_path, 1)
    with pytest.raises(MissingError, match=r"mine\.csv does not exist"):
        review(workspace, DEFAULT, identities=tmp_path / "mine.csv")
    rows = [{**row, "track_id": None} for row in crops_table(1).to_pylist()]
    CROPS.write(crops_table(1).from_pylist(rows, schema=CROPS.schema), workspace.crops)
    with pytest.raises(InputError, match="contains no track"):
        review(workspace, DEFAULT)


def test_groups_that_are_left_out_are_not_asked_for(tmp_path: Path) -> None:
    workspace = write_crops(tmp_path, 1)
    data = data_of(review(workspace, DEFAULT, manifest=ManifestConfig(exclude=("ethnic",))).path)
    assert "ethnic" not in {group["name"] for group in data["groups"]}


def test_the_command_says_what_it_wrote(tmp_path: Path) -> None:
    annotated(tmp_path, 1, n_pids=2)
    (tmp_path / "agreid.toml").write_text(
        '[review]\nembed_height = 50\n[build-manifest]\nexclude = ["age"]\n'
    )
    done = CliRunner().invoke(app, ["review", "-w", str(tmp_path)])
    assert done.exit_code == 0, done.stderr
    assert "review.html: 4 tracks with 12 crops; 4 decided, 2 identities" in done.stdout
    data = data_of(tmp_path / "review.html")
    assert len(data["groups"]) == 14
    answer = json.loads(CliRunner().invoke(app, ["review", "-w", str(tmp_path), "--json"]).stdout)
    assert answer["fingerprint"] == data["fingerprint"]
