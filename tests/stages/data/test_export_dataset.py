"""The workspace in other layouts, and back.

Two manifests are equal when they agree in every column but `path`. Of footage of one's own a layout keeps
what its names can tell: pid, camera, platform, frame, role and bits.
"""

from __future__ import annotations

import configparser
import json
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from agreid_cli.attributes.codebook import Codebook
from agreid_cli.attributes.official import official_codebook
from agreid_cli.config.build_split import SplitConfig
from agreid_cli.config.export_dataset import ExportConfig
from agreid_cli.config.import_dataset import ImportConfig
from agreid_cli.errors import InputError, MissingError
from agreid_cli.records.artefact import metadata
from agreid_cli.records.manifest import (
    CODEBOOK_KEY,
    JUNK_PID,
    attribute_matrix,
    codebook_of,
    manifest_artefact,
    read_manifest,
)
from agreid_cli.records.split import SPLIT
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.data.build_split import build_split
from agreid_cli.stages.data.export_dataset import MARK, ExportResult, export_dataset
from agreid_cli.stages.data.import_dataset import import_dataset
from tests.datasets.trees import build, jpeg, put
from tests.support.heard import Heard
from tests.support.labels import labels_of
from tests.support.tables import GROUP_SIZES, manifest_table, write_crops, write_manifest

KEPT = ("pid", "camid", "platform", "frame", "attr_bits")


def imported(root: Path, name: str, layout: str = "official") -> Workspace:
    """The workspace of a miniature data set."""
    build(name, layout, root / "data")
    import_dataset(Workspace(root / "ws"), name, root / "data", ImportConfig(threads=1))
    return Workspace(root / "ws")


def own(root: Path, **how: Any) -> Workspace:
    """A workspace with crops of one's own, their images, and a split."""
    workspace = write_manifest(root / "own", 3, n_pids=6, **how)
    for nth, path in enumerate(read_manifest(workspace.manifest)["path"].to_pylist()):
        put(workspace.root / path, jpeg(8 + nth, 20))
    build_split(workspace, SplitConfig(queries_per_camera=2))
    return workspace


def export(workspace: Workspace, name: str, out: Path, link: str = "copy", **how: Any) -> ExportResult:
    return export_dataset(workspace, name, out, ExportConfig(link=link), **how)  # type: ignore[arg-type]


def reimport(name: str, out: Path, root: Path) -> Workspace:
    import_dataset(Workspace(root), name, out, ImportConfig(threads=1))
    return Workspace(root)


@pytest.mark.parametrize("name", ["ag-reid", "market-1501"])
@pytest.mark.parametrize("link", ["copy", "hard", "symbolic"])
def test_import_after_export_gives_the_same_manifest_and_split(name: str, link: str, tmp_path: Path) -> None:
    first = imported(tmp_path, name)
    export(first, name, tmp_path / "out", link)
    second = reimport(name, tmp_path / "out", tmp_path / "back")
    tables = [read_manifest(w.manifest) for w in (first, second)]
    assert metadata(tables[0]) == metadata(tables[1])
    assert tables[0].drop_columns("path").equals(tables[1].drop_columns("path"))
    assert SPLIT.read(first.split).equals(SPLIT.read(second.split))
    for ours, theirs in zip(*(t["path"].to_pylist() for t in tables), strict=True):
        assert (first.root / ours).read_bytes() == (second.root / theirs).read_bytes()
    # And once more: what was written is what would be written.
    export(second, name, tmp_path / "again")
    assert files(tmp_path / "again") == files(tmp_path / "out")


def files(root: Path) -> dict[str, bytes]:
    return {
        p.relative_to(root).as_posix(): p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.is_file() and p.name != MARK
    }


def content(workspace: Workspace, directions: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
    """What a layout must keep of every crop, with its roles in `directions`."""
    split = SPLIT.read(workspace.split).to_pylist()
    roles: dict[str, list[tuple[str, str | None]]] = {}
    for row in split:
        if row["role"] == "train" or (row["role"] != "unused" and row["direction"] in directions):
            direction = row["direction"] if len(directions) > 1 else None
            roles.setdefault(row["crop_id"], []).append((row["role"], direction))
    return Counter(
        (*(str(row[name]) for name in KEPT), *sorted(roles[row["crop_id"]], key=str))
        for row in read_manifest(workspace.manifest).to_pylist()
        if row["crop_id"] in roles
    )


def test_own_footage_survives_the_layout_of_ag_reid(tmp_path: Path) -> None:
    workspace = own(tmp_path, junk_tracks=1)
    result = export(workspace, "ag-reid", tmp_path / "out")
    back = reimport("ag-reid", tmp_path / "out", tmp_path / "back")
    assert content(back, ("a2g", "g2a")) == content(workspace, ("a2g", "g2a"))
    assert JUNK_PID not in read_manifest(back.manifest)["pid"].to_pylist()
    assert result.attributes == "qut_attribute_v4_88_attributes.mat"
    assert any("another session" in note for note in result.notes)


@pytest.mark.parametrize("direction", ["a2g", "g2a"])
def test_own_footage_survives_the_layout_of_market_but_for_platforms(direction: str, tmp_path: Path) -> None:
    workspace = own(tmp_path)
    result = export(workspace, "market-1501", tmp_path / "out", direction=direction)
    back = reimport("market-1501", tmp_path / "out", tmp_path / "back")
    here, there = content(workspace, (direction,)), content(back, ("all",))

    def without_lost(counted: Counter[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
        return Counter((c[0], c[1], c[3], *c[5:]) for c in counted.elements())

    assert without_lost(here) == without_lost(there)
    assert len(list(here.elements())) == result.images
    assert any("cannot store platform" in note for note in result.notes)
    assert any("left out" in note for note in result.notes)
    assert not result.attributes


def test_a_reduced_codebook_is_told_as_unknown(tmp_path: Path) -> None:
    book = official_codebook().excluding(["age", "ethnic"])
    workspace = own(tmp_path)
    table = manifest_table(3, n_pids=6, group_sizes=book.sizes)
    paths = read_manifest(workspace.manifest)["path"]
    table = table.set_column(table.column_names.index("path"), table.schema.field("path"), paths)
    manifest_artefact(book.sizes).write(table, workspace.manifest, {CODEBOOK_KEY: book.to_json()})
    result = export(workspace, "ag-reid", tmp_path / "out")
    assert any("age, ethnic are not in the manifest" in note for note in result.notes)
    back = read_manifest(reimport("ag-reid", tmp_path / "out", tmp_path / "back").manifest)
    full = Codebook.from_json(codebook_of(back))
    truth = dict(zip(table["pid"].to_pylist(), attribute_matrix(table), strict=True))
    for pid, bits in zip(back["pid"].to_pylist(), attribute_matrix(back), strict=True):
        labels = labels_of(bits, full)
        assert labels.pop("age") == labels.pop("ethnic") == "Unknown"
        assert labels == labels_of(truth[pid], book)


def test_coco_holds_every_box_on_its_frame(tmp_path: Path) -> None:
    workspace = own(tmp_path, junk_tracks=1)
    result = export(workspace, "coco", tmp_path / "out")
    assert result.texts == ("annotations.json",)
    document = json.loads((tmp_path / "out" / "annotations.json").read_text(encoding="utf-8"))
    images = {image["id"]: image for image in document["images"]}
    categories = {category["id"]: category["name"] for category in document["categories"]}
    assert len(images) == len({(i["video_id"], i["frame"]) for i in images.values()})
    assert sorted(a["id"] for a in document["annotations"]) == list(
        range(1, len(document["annotations"]) + 1)
    )
    found = {}
    for a in document["annotations"]:
        image = images[a["image_id"]]
        left, top, width, height = a["bbox"]
        assert a["area"] == pytest.approx(width * height, abs=1e-3)
        assert 0 <= left <= left + width <= image["width"]
        assert 0 <= top <= top + height <= image["height"]
        assert (categories[a["category_id"]], a["iscrowd"]) == ("person", 0)
        assert image["file_name"] == f"{image['video_id']}/{image['frame']:06d}.jpg"
        found[a["crop_id"]] = (
            image["video_id"], image["frame"], image["time_s"],
            left, top, left + width, top + height, a["track_id"], a["pid"],
        )  # fmt: skip
    assert found == {
        row["crop_id"]: tuple(
            row[name] for name in ("video_id", "frame", "time_s", "x1", "y1", "x2", "y2", "track_id", "pid")
        )
        for row in read_manifest(workspace.manifest).to_pylist()
    }


def test_mot_holds_every_track_and_one_person_has_one_id(tmp_path: Path) -> None:
    workspace = own(tmp_path, junk_tracks=1)
    rows = manifest_table(3, n_pids=6, junk_tracks=1).to_pylist()
    paths = dict(
        zip(*(read_manifest(workspace.manifest)[c].to_pylist() for c in ("crop_id", "path")), strict=True)
    )
    for row in rows:
        row["path"] = paths[row["crop_id"]]
        if row["pid"] == 4:  # the tracker lost and found this person again
            row["pid"], row["attr_bits"], row["attr_known"] = 2, None, None
    artefact = manifest_artefact(GROUP_SIZES)
    artefact.write(pa.Table.from_pylist(rows, schema=artefact.schema), workspace.manifest)
    export(workspace, "mot", tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [MARK, "campus-cctv", "campus-uav"]
    for video in ("campus-cctv", "campus-uav"):
        lines = (tmp_path / "out" / video / "gt" / "gt.txt").read_text().splitlines()
        found = Counter(tuple(float(word) for word in line.split(",")) for line in lines)
        expected: Counter[tuple[float, ...]] = Counter()
        for row in rows:
            if row["video_id"] != video:
                continue
            number = 2 if row["track_id"] == 4 else row["track_id"]
            box = (row["x1"], row["y1"], row["x2"] - row["x1"], row["y2"] - row["y1"])
            counts = float(row["pid"] != JUNK_PID)
            expected[(row["frame"] + 1, number, *box, counts, 1, row["in_frame"])] += 1
        assert found == expected
        assert [float(line.split(",")[0]) for line in lines] == sorted(float(x.split(",")[0]) for x in lines)
        info = configparser.ConfigParser()
        info.read(tmp_path / "out" / video / "seqinfo.ini")
        sequence = info["Sequence"]
        last = max(row["frame"] for row in rows if row["video_id"] == video)
        assert (sequence["name"], sequence.getint("seqLength")) == (video, last + 1)
        assert sequence.getfloat("frameRate") == pytest.approx(30)
        size = (sequence.getint("imWidth"), sequence.getint("imHeight"))
        assert size == ((704, 480) if video == "campus-cctv" else (3840, 2160))


@pytest.mark.parametrize("name", ["coco", "mot"])
def test_boxes_need_no_manifest_and_no_split(name: str, tmp_path: Path) -> None:
    workspace = write_crops(tmp_path / "ws")
    result = export(workspace, name, tmp_path / "out")
    assert result.texts
    with pytest.raises(MissingError, match="extract-crops"):
        export(Workspace(tmp_path / "empty"), name, tmp_path / "out2")


@pytest.mark.parametrize("name", ["coco", "mot"])
def test_a_public_data_set_has_no_boxes(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no crop here has a box"):
        export(imported(tmp_path, "cargo"), name, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_links_lead_to_the_images_themselves(tmp_path: Path) -> None:
    workspace = own(tmp_path)
    for link in ("hard", "symbolic", "copy"):
        export(workspace, "ag-reid", tmp_path / link, link)
    image = next((tmp_path / "hard" / "bounding_box_train").iterdir()).name
    hard, symbolic, copy = (
        tmp_path / kind / "bounding_box_train" / image for kind in ("hard", "symbolic", "copy")
    )
    source = Path(os.path.realpath(symbolic))
    assert symbolic.is_symlink()
    assert not os.path.isabs(os.readlink(symbolic))
    assert source.is_relative_to(workspace.root)
    assert os.path.samefile(hard, source)
    assert not os.path.samefile(copy, source)
    assert copy.read_bytes() == source.read_bytes()


def test_a_linked_workspace_and_a_linked_target_are_followed(tmp_path: Path) -> None:
    build("ag-reid", "official", tmp_path / "disk" / "deep" / "data")
    (tmp_path / "disk" / "home").mkdir()
    (tmp_path / "disk" / "target").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "home")
    (tmp_path / "out").symlink_to(tmp_path / "disk" / "target")
    workspace = Workspace(tmp_path / "link" / "ws")
    import_dataset(workspace, "ag-reid", tmp_path / "disk" / "deep" / "data", ImportConfig(threads=1))
    for overwrite in (False, True):
        export(workspace, "ag-reid", tmp_path / "out", "symbolic", overwrite=overwrite)
        assert (tmp_path / "out").is_symlink()
        assert len(files(tmp_path / "disk" / "target")) == len(files(tmp_path / "disk" / "deep" / "data"))


def test_an_export_replaces_only_an_export_and_never_what_it_reads(tmp_path: Path) -> None:
    workspace = imported(tmp_path, "ag-reid")
    put(tmp_path / "mine" / "thesis.txt", b"x")
    for out in (tmp_path / "mine", tmp_path / "data", tmp_path / "ws", tmp_path):
        before = files(out)
        with pytest.raises(InputError, match="not an agreid export"):
            export(workspace, "ag-reid", out, overwrite=True)
        assert files(out) == before
    export(workspace, "ag-reid", tmp_path / "out")
    with pytest.raises(InputError, match="--overwrite"):
        export(workspace, "ag-reid", tmp_path / "out")
    put(tmp_path / "out" / "old.txt")
    export(workspace, "ag-reid", tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out" / "old.txt").exists()
    back = reimport("ag-reid", tmp_path / "out", tmp_path / "back")
    with pytest.raises(InputError, match="contains images of this workspace"):
        export(back, "ag-reid", tmp_path / "out", overwrite=True)
    put(tmp_path / "file")
    with pytest.raises(InputError, match="is a file"):
        export(workspace, "ag-reid", tmp_path / "file")
    (tmp_path / "empty").mkdir()
    export(workspace, "ag-reid", tmp_path / "empty")


def test_missing_images_are_listed_before_anything_is_written(tmp_path: Path) -> None:
    workspace = imported(tmp_path, "ag-reid")
    (tmp_path / "data" / "query_all_c0" / "P0000T02140A0C0F91.jpg").unlink()
    with pytest.raises(MissingError, match="1 images of the manifest are missing") as caught:
        export(workspace, "ag-reid", tmp_path / "out")
    assert "P0000T02140A0C0F91.jpg" in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "ws"]


def test_a_stop_in_the_middle_leaves_the_old_export_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = imported(tmp_path, "ag-reid")
    export(workspace, "ag-reid", tmp_path / "out")
    before = files(tmp_path / "out")
    calls = iter(range(100))
    copy = shutil.copyfile

    def stop(source: str, target: Path) -> object:
        if next(calls) == 5:
            raise KeyboardInterrupt
        return copy(source, target)

    monkeypatch.setattr(shutil, "copyfile", stop)
    with pytest.raises(KeyboardInterrupt):
        export(workspace, "ag-reid", tmp_path / "out", overwrite=True)
    assert files(tmp_path / "out") == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "out", "ws"]


def test_a_layout_by_role_needs_a_split_with_parts_in_it(tmp_path: Path) -> None:
    workspace = imported(tmp_path, "uav-human")
    table = SPLIT.read(workspace.split)
    SPLIT.write(table.filter([role != "train" for role in table["role"].to_pylist()]), workspace.split)
    with pytest.raises(InputError, match="no crop has a role") as caught:
        export(workspace, "ag-reid", tmp_path / "out")
    assert "cannot store all" in str(caught.value)
    workspace.split.unlink()
    with pytest.raises(MissingError, match="build-split"):
        export(workspace, "ag-reid", tmp_path / "out")


def test_unknown_formats_list_the_choices(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ag-reid, coco, cvat, label-studio, market-1501, mot"):
        export(Workspace(tmp_path), "voc", tmp_path / "out")


@pytest.mark.parametrize("name", ["cvat", "label-studio"])
def test_columns_that_annotators_do_not_get_are_named(name: str, tmp_path: Path) -> None:
    workspace = write_crops(tmp_path / "ws")
    workspace.identities.write_text("video_id,track_id,pid,mood\ncampus-uav,1,5,glad\n")
    heard = Heard()
    export_dataset(workspace, name, tmp_path / "out", ExportConfig(), progress=heard)
    assert "identities.csv: columns not used: mood" in heard.notes
