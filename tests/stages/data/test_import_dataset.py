"""A public data set becomes a manifest and a split; its images are not changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from agreid_cli.attributes.market import market_codebook, read_market_mat
from agreid_cli.attributes.mat import read_mat
from agreid_cli.attributes.official import official_codebook
from agreid_cli.config.import_dataset import ImportConfig
from agreid_cli.datasets import DATASETS, dataset
from agreid_cli.errors import InputError, MissingError
from agreid_cli.records.artefact import metadata
from agreid_cli.records.manifest import codebook_of, read_manifest
from agreid_cli.records.split import SPLIT
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.data.import_dataset import ImportResult, import_dataset
from tests.datasets.trees import AG_REID, MARKET, build, jpeg, put
from tests.support.heard import Heard
from tests.support.tables import write_crops

LAYOUTS = [(name, layout.name) for name in DATASETS for layout in dataset(name).layouts]
MAT = "qut_attribute_v4_88_attributes.mat"


def run(root: Path, name: str, data: Path, **how: Any) -> ImportResult:
    config = ImportConfig(threads=2, skip_bad=how.pop("skip_bad", False))
    return import_dataset(Workspace(root), name, data, config, **how)


def snapshot(root: Path) -> dict[str, tuple[bytes, float]]:
    return {str(p): (p.read_bytes(), p.stat().st_mtime) for p in sorted(root.rglob("*")) if p.is_file()}


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_manifest_and_split_hold_what_the_names_say(name: str, layout: str, tmp_path: Path) -> None:
    truth = build(name, layout, tmp_path / "data")
    before = snapshot(tmp_path / "data")
    result = run(tmp_path / "ws", name, tmp_path / "data")
    assert snapshot(tmp_path / "data") == before
    assert sorted(p.name for p in (tmp_path / "ws").iterdir()) == ["manifest.parquet", "split.parquet"]

    rows = read_manifest(result.manifest).to_pylist()
    assert [row["crop_id"] for row in rows] == sorted(row["crop_id"] for row in rows)
    found = {}
    for row in rows:
        path = os.path.normpath(tmp_path / "ws" / row["path"])
        assert (row["width"], row["height"]) != (0, 0)
        assert jpeg(row["width"], row["height"]) == Path(path).read_bytes()
        roles = tuple(filter(None, row["published"].split(";")))
        found[os.path.relpath(path, tmp_path / "data")] = (
            row["pid"], row["camid"], row["platform"], roles, row["session"], row["altitude"], row["frame"],
        )  # fmt: skip
    assert found == truth

    split = SPLIT.read(tmp_path / "ws" / "split.parquet").to_pylist()
    told = {(r["crop_id"], r["role"], r["direction"]) for r in split if r["role"] != "unused"}
    expected = set()
    for row in rows:
        for role in filter(None, row["published"].split(";")):
            part, _, direction = role.partition(":")
            expected.add((row["crop_id"], part, direction or None))
    assert told == expected


def test_the_attribute_file_becomes_bits(tmp_path: Path) -> None:
    build("ag-reid", "official", tmp_path / "data")
    result = run(tmp_path / "ws", "ag-reid", tmp_path / "data")
    truth = read_mat(tmp_path / "data" / MAT, official_codebook()).union
    table = read_manifest(result.manifest)
    assert codebook_of(table)["groups"]
    for row in table.to_pylist():
        assert row["attr_bits"] == truth[row["pid"]].tolist()
        assert row["attr_known"] == [truth[row["pid"]][b] == 0 for b in official_codebook().unknown_bits]
    assert (result.identities, result.identities_with_attributes) == (4, 4)


def test_market_has_a_codebook_of_its_own_and_junk_no_attributes(tmp_path: Path) -> None:
    build("market-1501", "official", tmp_path / "data")
    result = run(tmp_path / "ws", "market-1501", tmp_path / "data")
    truth = read_market_mat(tmp_path / "data" / "market_attribute.mat", market_codebook()).union
    rows = read_manifest(result.manifest).to_pylist()
    assert {len(row["attr_bits"]) for row in rows if row["attr_bits"]} == {market_codebook().n_bits}
    assert {row["pid"]: row["attr_bits"] for row in rows if row["attr_bits"]} == {
        pid: bits.tolist() for pid, bits in truth.items()
    }
    assert {row["pid"] for row in rows if not row["attr_bits"]} == {-1, 0}
    assert (result.distractors, result.junk, result.identities) == (2, 1, 4)


def test_the_same_tree_gives_the_same_bytes_and_may_be_moved_with_the_workspace(tmp_path: Path) -> None:
    build("ag-reid", "official", tmp_path / "a" / "data")
    run(tmp_path / "a" / "ws", "ag-reid", tmp_path / "a" / "data")
    first = snapshot(tmp_path / "a" / "ws")
    run(tmp_path / "a" / "ws", "ag-reid", tmp_path / "a" / "data", overwrite=True)
    again = snapshot(tmp_path / "a" / "ws")
    assert {k: v[0] for k, v in again.items()} == {k: v[0] for k, v in first.items()}
    (tmp_path / "a").rename(tmp_path / "b")
    path = read_manifest(tmp_path / "b" / "ws" / "manifest.parquet")["path"][0].as_py()
    assert (tmp_path / "b" / "ws" / path).is_file()


def test_a_workspace_inside_a_linked_folder_finds_the_images(tmp_path: Path) -> None:
    build("cargo", "official", tmp_path / "disk" / "deep" / "data")
    (tmp_path / "disk" / "home").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "home")
    result = run(tmp_path / "link" / "ws", "cargo", tmp_path / "disk" / "deep" / "data")
    path = read_manifest(result.manifest)["path"][0].as_py()
    assert (tmp_path / "link" / "ws" / path).is_file()


def test_other_data_is_not_replaced_unasked(tmp_path: Path) -> None:
    build("ag-reid", "official", tmp_path / "data")
    build("cargo", "official", tmp_path / "cargo")
    run(tmp_path / "ws", "ag-reid", tmp_path / "data")
    before = snapshot(tmp_path / "ws")
    with pytest.raises(InputError, match="--overwrite"):
        run(tmp_path / "ws", "cargo", tmp_path / "cargo")
    (tmp_path / "ws" / "manifest.parquet").unlink()
    with pytest.raises(InputError, match=r"split\.parquet already exists"):
        run(tmp_path / "ws", "cargo", tmp_path / "cargo")
    assert snapshot(tmp_path / "ws").items() <= before.items()
    run(tmp_path / "ws", "cargo", tmp_path / "cargo", overwrite=True)
    assert metadata(read_manifest(tmp_path / "ws" / "manifest.parquet"))["dataset"] == "cargo"
    roles = SPLIT.read(tmp_path / "ws" / "split.parquet")["direction"].unique().to_pylist()
    assert set(roles) == {None, "all"}


def test_own_footage_is_never_mixed_with_a_data_set(tmp_path: Path) -> None:
    build("cargo", "official", tmp_path / "data")
    write_crops(tmp_path / "ws")
    with pytest.raises(InputError, match="own footage"):
        run(tmp_path / "ws", "cargo", tmp_path / "data", overwrite=True)


def test_bad_files_are_listed_or_left_out(tmp_path: Path) -> None:
    build("ag-reid", "official", tmp_path / "data")
    for n in range(30):
        put(tmp_path / "data" / "query_all_c0" / f"holiday{n:02d}.jpg", jpeg())
    with pytest.raises(InputError, match="30 files cannot be read") as caught:
        run(tmp_path / "ws", "ag-reid", tmp_path / "data")
    text = str(caught.value)
    assert "holiday19.jpg" in text
    assert "holiday20.jpg" not in text
    assert "and 10 more: is not named like" in text
    assert "--skip-bad" in text
    assert not (tmp_path / "ws").exists()
    result = run(tmp_path / "ws", "ag-reid", tmp_path / "data", skip_bad=True)
    assert (result.images, result.left_out) == (len(AG_REID), 30)


def test_unreadable_images_are_listed_or_left_out(tmp_path: Path) -> None:
    build("market-1501", "official", tmp_path / "data")
    names = sorted(path for path, truth in MARKET.items() if truth[0] == 0)
    put(tmp_path / "data" / names[0], b"")
    put(tmp_path / "data" / names[1], b"no picture")
    put(tmp_path / "data" / "query" / "0001_c1s1_000001_09.jpg", jpeg()[:15])
    with pytest.raises(InputError, match="3 files cannot be read") as caught:
        run(tmp_path / "ws", "market-1501", tmp_path / "data")
    told = {p.where: p.what for p in caught.value.problems}
    assert told[names[0]] == "is empty"
    assert told[names[1]] == "is not an image"
    assert not (tmp_path / "ws").exists()
    assert run(tmp_path / "ws", "market-1501", tmp_path / "data", skip_bad=True).images == len(MARKET) - 2


def test_the_whole_of_a_wrong_tree_is_said_before_anything_is_written(tmp_path: Path) -> None:
    build("market-1501", "official", tmp_path / "data")
    with pytest.raises(InputError, match="looks like market-1501"):
        run(tmp_path / "ws", "cargo", tmp_path / "data")
    for folder in ("bounding_box_train", "query", "bounding_box_test"):
        shutil.rmtree(tmp_path / "data" / folder)
        (tmp_path / "data" / folder).mkdir()
    with pytest.raises(InputError, match="no readable image"):
        run(tmp_path / "ws", "market-1501", tmp_path / "data")
    assert not (tmp_path / "ws").exists()


def test_leaving_out_every_file_is_refused(tmp_path: Path) -> None:
    build("cargo", "official", tmp_path / "data")
    for path in (tmp_path / "data").rglob("*.jpg"):
        path.write_bytes(b"")
    with pytest.raises(InputError, match="contain no readable image"):
        run(tmp_path / "ws", "cargo", tmp_path / "data", skip_bad=True)
    assert not (tmp_path / "ws").exists()


def test_a_missing_attribute_file_is_a_warning_and_a_wrong_one_an_error(tmp_path: Path) -> None:
    build("ag-reid", "official", tmp_path / "data")
    (tmp_path / "data" / MAT).rename(tmp_path / "elsewhere.mat")
    heard = Heard()
    result = run(tmp_path / "ws", "ag-reid", tmp_path / "data", progress=heard)
    assert any(MAT in text and "--attributes" in text for text in heard.warnings)
    assert set(read_manifest(result.manifest)["attr_bits"].to_pylist()) == {None}
    result = run(tmp_path / "ws2", "ag-reid", tmp_path / "data", attributes=tmp_path / "elsewhere.mat")
    assert result.identities_with_attributes == 4
    put(tmp_path / "text.mat", b"hello")
    with pytest.raises(InputError, match="MATLAB"):
        run(tmp_path / "ws3", "ag-reid", tmp_path / "data", attributes=tmp_path / "text.mat")
    with pytest.raises(MissingError, match=r"nothing\.mat"):
        run(tmp_path / "ws3", "ag-reid", tmp_path / "data", attributes=tmp_path / "nothing.mat")
    build("cargo", "official", tmp_path / "cargo")
    with pytest.raises(InputError, match="no attribute file"):
        run(tmp_path / "ws3", "cargo", tmp_path / "cargo", attributes=tmp_path / "elsewhere.mat")
    assert not (tmp_path / "ws3").exists()


def test_what_the_counts_do_not_say_is_said(tmp_path: Path) -> None:
    build("ag-reid", "official", tmp_path / "data")
    put(tmp_path / "data" / "bounding_box_test_all_c3" / "P0009T02140A0C2F31.jpg", jpeg(40, 90))
    heard = Heard()
    run(tmp_path / "ws", "ag-reid", tmp_path / "data", progress=heard)
    assert (
        "1 crops published as gallery:a2g come from a wearable camera; they keep that role" in heard.warnings
    )
    assert any("1 identities are missing in" in text and "9021400" in text for text in heard.warnings)

    build("cargo", "official", tmp_path / "cargo")
    heard = Heard()
    run(tmp_path / "ws3", "cargo", tmp_path / "cargo", progress=heard)
    assert any("--direction ag" in text and "a2g and g2a" in text for text in heard.notes)

    build("ag-reid-v2", "as downloaded", tmp_path / "v2")
    (tmp_path / "v2" / "exp5_wearable_to_aerial.txt").unlink()
    heard = Heard()
    run(tmp_path / "ws2", "ag-reid-v2", tmp_path / "v2", progress=heard)
    assert any("exp5" in text and "no role in w2a" in text for text in heard.warnings)


def test_a_tree_without_a_test_set_still_gives_a_manifest(tmp_path: Path) -> None:
    build("uav-human", "official", tmp_path / "data")
    run(tmp_path / "ws", "uav-human", tmp_path / "data")
    for folder in ("query", "bounding_box_test"):
        shutil.rmtree(tmp_path / "data" / folder)
        put(tmp_path / "data" / folder / "00000.jpg", jpeg())
    with pytest.raises(InputError, match="carry no identity"):
        run(tmp_path / "ws", "uav-human", tmp_path / "data", overwrite=True)
    heard = Heard()
    result = run(
        tmp_path / "ws", "uav-human", tmp_path / "data", overwrite=True, skip_bad=True, progress=heard
    )
    assert result.split is None
    assert any("no split was written" in text for text in heard.warnings)
    assert [p.name for p in (tmp_path / "ws").iterdir()] == ["manifest.parquet"]


def test_both_junk_rules_of_uav_human_are_offered_and_said(tmp_path: Path) -> None:
    name = "P{:03d}S00G10B10H10UC022000LC021000A{:03d}R0_08241716_{}_{}.jpg"
    for pid in (1, 2):
        for action in (1, 2):
            place = tmp_path / "data" / "bounding_box_train" / name.format(pid, action, 7, "bbx")
            put(place, jpeg(pid, action + 40))
    for pid in (11, 12):
        put(tmp_path / "data" / "query" / name.format(pid, 1, 100, "bbx"), jpeg(pid))
        for word, action, frame in (("crop", 1, 100), ("bbx", 1, 110), ("bbx", 2, 200)):
            place = tmp_path / "data" / "bounding_box_test" / name.format(pid, action, frame, word)
            put(place, jpeg(pid + action + frame))
    found = {}
    for rule in ("", "moment", "none"):
        heard = Heard()
        workspace = Workspace(tmp_path / f"ws-{rule}")
        config = ImportConfig(threads=2, junk=rule)
        import_dataset(workspace, "uav-human", tmp_path / "data", config, progress=heard)
        said = next(text for text in heard.notes if text.startswith("junk: "))
        assert ("in VDT's reader. Other" in said) is (rule == "none")
        table = read_manifest(workspace.manifest)
        assert metadata(table)["junk"] == (rule or "moment")
        rows = zip(*(table[column].to_pylist() for column in ("pid", "camid", "published")), strict=True)
        found[rule] = sorted(row for row in rows if row[2] != "train")
    asked = {pid: cam for pid, cam, role in found["moment"] if role == "query:all"}
    same = [row for row in found["moment"] if row[2] == "gallery:all" and asked[row[0]] == row[1]]
    assert found[""] == found["moment"]
    assert len(same) == 2, "the copy of each query's moment is junk"
    assert len({(pid, cam) for pid, cam, _ in found["none"]}) == len(found["none"]), "nothing is junk"
    with pytest.raises(InputError, match="there is no rule 'nothing'; allowed: moment, none"):
        import_dataset(
            Workspace(tmp_path / "w"), "uav-human", tmp_path / "data", ImportConfig(junk="nothing")
        )
    build("market-1501", "official", tmp_path / "market")
    with pytest.raises(InputError, match=r"Market-1501.* has one rule only"):
        import_dataset(
            Workspace(tmp_path / "w"), "market-1501", tmp_path / "market", ImportConfig(junk="none")
        )


def test_folders_of_tracklets_are_the_tracks_of_the_manifest(tmp_path: Path) -> None:
    for name, layout in (("ag-vpreid", "competition"), ("detreidx", "video challenge")):
        build(name, layout, tmp_path / name)
        result = run(tmp_path / f"{name}-ws", name, tmp_path / name)
        rows = read_manifest(result.manifest).to_pylist()
        folders: dict[tuple[str, int], set[str]] = {}
        for row in rows:
            folders.setdefault((row["video_id"], row["track_id"]), set()).add(os.path.dirname(row["path"]))
        assert all(len(paths) == 1 for paths in folders.values())
        assert len(folders) == len({os.path.dirname(row["path"]) for row in rows})
        assert sorted(track for _, track in folders) == list(range(1, len(folders) + 1))
