"""To CVAT and Label Studio and back: everything the guide lists is preserved, nothing is chosen silently."""

from __future__ import annotations

import csv
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from agreid_cli.attributes.official import official_codebook
from agreid_cli.cli.app import app
from agreid_cli.config.build_manifest import ManifestConfig
from agreid_cli.config.export_dataset import ExportConfig
from agreid_cli.datasets import FORMATS, TOOLS, tool_reader
from agreid_cli.errors import InputError
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.import_annotations import ImportedAnnotations, import_annotations
from agreid_cli.stages.data.build_manifest import build_manifest
from agreid_cli.stages.data.export_dataset import export_dataset
from tests.support.tables import write_crops

NAMES = official_codebook().names
HEAD = "video_id,track_id,frame_from,frame_to,pid"
WHO = [
    "campus-cctv,1,,,7",
    "campus-cctv,2,,,-1",
    "campus-cctv,3,,,",
    "campus-uav,1,0,30,7",
    "campus-uav,1,60,90,9223372036854775807",
    "campus-uav,2,,,8",
    "campus-uav,3,,,",
]
WHAT = {
    "7": {"gender": "female", "age": "45-54", "upper": "T-shirt"},
    "8": {"gender": "male", "age": "middle", "bag": "Unknown"},
    "9223372036854775807": {},
}


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = write_crops(tmp_path / "ws", 1, n_pids=3, crops_per_pid=4)
    made.identities.write_text("\n".join([HEAD, *WHO]) + "\n")
    lines = [",".join([pid, *(row.get(name, "") for name in NAMES)]) for pid, row in WHAT.items()]
    made.attributes.write_text("\n".join([",".join(["pid", *NAMES]), *lines]) + "\n")
    return made


def exported(workspace: Workspace, tool: str) -> list[Path]:
    out = workspace.root.parent / tool
    export_dataset(workspace, tool, out, ExportConfig())
    return sorted(out.rglob("annotations.xml")) or [out / "tasks.json"]


def back(workspace: Workspace, tool: str, files: list[Path]) -> ImportedAnnotations:
    return import_annotations(workspace, tool, files, out=workspace.root.parent / "back", overwrite=True)


@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_there_and_back_is_the_same(workspace: Workspace, tool: str) -> None:
    result = back(workspace, tool, exported(workspace, tool))
    assert result.identities.read_text() == workspace.identities.read_text()
    assert result.attributes.read_text() == workspace.attributes.read_text()
    assert (result.n_tracks, result.n_open, result.n_identities, result.n_with_labels) == (6, 2, 3, 2)
    build_manifest(workspace, ManifestConfig(), identities=result.identities, attributes=result.attributes)


@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_a_workspace_without_annotations_goes_there_too(tmp_path: Path, tool: str) -> None:
    workspace = write_crops(tmp_path / "ws", 1, n_pids=2)
    result = back(workspace, tool, exported(workspace, tool))
    assert (result.n_tracks, result.n_open, result.n_identities) == (4, 4, 0)


def edited(files: list[Path], change: Callable[[str, ElementTree.Element], None]) -> list[Path]:
    """CVAT's files after `change(track name, track)`."""
    for file in files:
        tree = ElementTree.parse(file)
        for track in tree.getroot().findall("track"):
            change(field(track.findall("box")[0], "track").text or "", track)
        tree.write(file)
    return files


def field(box: ElementTree.Element, name: str) -> ElementTree.Element:
    return next(a for a in box.findall("attribute") if a.get("name") == name)


def test_cvat_says_what_it_is_asked(workspace: Workspace) -> None:
    root = ElementTree.parse(exported(workspace, "cvat")[1]).getroot()
    assert root.findtext("version") == "1.1"
    assert root.findtext("meta/task/name") == "campus-uav"
    asked = {a.findtext("name"): a for a in root.findall("meta/task/labels/label/attributes/attribute")}
    assert list(asked) == ["track", "pid", *NAMES]
    assert [name for name, a in asked.items() if a.findtext("mutable") == "True"] == ["pid"]
    words = (asked["gender"].findtext("values") or "").split("\n")
    assert words == ["__undefined__", "male", "female", "unknown"]
    assert "middle" in (asked["age"].findtext("values") or "").split("\n")
    (label,) = json.loads((workspace.root.parent / "cvat" / "labels.json").read_text(encoding="utf-8"))
    for field_of_label, node in zip(label["attributes"], asked.values(), strict=True):
        for name in ("name", "input_type", "default_value"):
            assert field_of_label[name] == (node.findtext(name) or "")
        assert "\n".join(field_of_label["values"]) == (node.findtext("values") or "")
    tracks = [[(b.get("frame"), b.get("outside")) for b in t.findall("box")] for t in root.findall("track")]
    assert tracks[:3] == [
        [("0", "0"), ("30", "0"), ("31", "1")],
        [("60", "0"), ("90", "0"), ("91", "1")],
        [("0", "0"), ("30", "0"), ("60", "0"), ("90", "0"), ("91", "1")],
    ]


def test_work_done_in_cvat_comes_back(workspace: Workspace) -> None:
    def annotate(name: str, track: ElementTree.Element) -> None:
        for box in track.findall("box"):
            if name == "campus-uav:3":  # the other person begins at frame 45, between two crops
                field(box, "pid").text = "20" if int(box.get("frame", "0")) < 45 else "7"
            if name == "campus-cctv:3":
                field(box, "pid").text, field(box, "feet").text = "20", "Boots"
            if name == "campus-cctv:2" and box.get("frame") == "90":
                box.set("outside", "1")

    result = back(workspace, "cvat", edited(exported(workspace, "cvat"), annotate))
    rows = [tuple(row.values()) for row in rows_of(result.identities)]
    asked = {("campus-uav", "3"), ("campus-cctv", "3"), ("campus-cctv", "2")}
    assert [row for row in rows if row[:2] in asked] == [
        ("campus-cctv", "2", "0", "60", "-1"),
        ("campus-cctv", "2", "90", "90", ""),
        ("campus-cctv", "3", "", "", "20"),
        ("campus-uav", "3", "0", "30", "20"),
        ("campus-uav", "3", "60", "90", "7"),
    ]  # fmt: skip
    assert {row["pid"]: row["feet"] for row in rows_of(result.attributes)}["20"] == "Boots"


def test_attributes_of_a_track_with_two_persons_are_taken_for_neither(workspace: Workspace) -> None:
    def annotate(name: str, track: ElementTree.Element) -> None:
        for box in track.findall("box"):
            if name == "campus-uav:3":
                field(box, "pid").text = "20" if box.get("frame") == "0" else "21"
                field(box, "feet").text = "Boots"

    files = edited(exported(workspace, "cvat"), annotate)
    words = ["import-annotations", "cvat", *map(str, files), "-w", str(workspace.root), "--overwrite"]
    done = CliRunner().invoke(app, words)
    assert "annotations.xml, track 3 shows several persons" in done.stderr
    feet = {row["pid"]: row["feet"] for row in rows_of(workspace.attributes)}
    assert (feet["20"], feet["21"]) == ("", "")


def test_a_track_that_was_split_in_cvat_is_two_parts(workspace: Workspace) -> None:
    def cut(name: str, track: ElementTree.Element) -> None:
        if name == "campus-uav:2":
            for box in track.findall("box")[2:]:
                track.remove(box)

    files = edited(exported(workspace, "cvat"), cut)
    tree = ElementTree.parse(files[1])
    new = ElementTree.fromstring(
        '<track id="99" label="person"><box frame="50" outside="0" keyframe="1">'
        '<attribute name="track">campus-uav:2</attribute><attribute name="pid">30</attribute></box>'
        '<box frame="91" outside="1"/></track>'
    )
    tree.getroot().append(new)
    tree.write(files[1])
    result = back(workspace, "cvat", files)
    rows = [tuple(row.values()) for row in rows_of(result.identities) if row["track_id"] == "2"]
    assert rows[1:] == [("campus-uav", "2", "0", "30", "8"), ("campus-uav", "2", "60", "90", "30")]


def test_cvat_as_a_zip(workspace: Workspace, tmp_path: Path) -> None:
    zips = []
    for number, file in enumerate(exported(workspace, "cvat")):
        zips.append(tmp_path / f"{number}.zip")
        with zipfile.ZipFile(zips[-1], "w") as archive:
            archive.write(file, "annotations.xml")
    assert back(workspace, "cvat", zips).identities.read_text() == workspace.identities.read_text()


def test_what_contradicts_itself_is_told_at_once_and_nothing_is_written(workspace: Workspace) -> None:
    def spoil(name: str, track: ElementTree.Element) -> None:
        for box in track.findall("box"):
            if name == "campus-cctv:1":
                field(box, "gender").text = "male"  # 7 is female in campus-uav:1
            if name == "campus-cctv:2":
                field(box, "pid").text = "seven"
            if name == "campus-cctv:3":
                field(box, "track").text = "campus-cctv:33"
            if name == "campus-uav:2":
                field(box, "bag").text = "Rucksack"
            if name == "campus-uav:3":
                field(box, "track").text = ""

    files = edited(exported(workspace, "cvat"), spoil)
    with pytest.raises(InputError) as caught:
        back(workspace, "cvat", files)
    told = [str(problem) for problem in caught.value.problems]
    assert len(told) == 5, told
    text = "\n".join(told)
    for said in (
        "campus-cctv/annotations.xml, track 0",
        "person 7 is female here and male in ",
        "'seven' is not an integer",
        "no track 33 of 'campus-cctv'",
        "'Rucksack' is not a valid label",
        "its field 'track' names no track",
    ):
        assert said in text
    assert not (workspace.root.parent / "back").exists()


def test_label_studio_gets_a_region_for_each_person_of_a_track(workspace: Workspace) -> None:
    (file,) = exported(workspace, "label-studio")
    tasks = json.loads(file.read_text(encoding="utf-8"))
    assert [task["data"]["video"] for task in tasks] == ["campus-cctv.mp4", "campus-uav.mp4"]
    result = tasks[1]["predictions"][0]["result"]
    boxes = [r for r in result if r["type"] == "videorectangle"]
    assert [[key["frame"] for key in box["value"]["sequence"]] for box in boxes] == [
        [1, 31], [61, 91], [1, 31, 61, 91], [1, 31, 61, 91]
    ]  # fmt: skip
    assert [key["enabled"] for key in boxes[2]["value"]["sequence"]] == [True, True, True, False]
    for key in boxes[0]["value"]["sequence"]:
        assert 0 <= key["x"] <= key["x"] + key["width"] <= 100.001
    view = ElementTree.fromstring((file.parent / "config.xml").read_text(encoding="utf-8"))
    controls = {node.get("name") for node in view if node.get("perRegion")}
    assert controls == {"track", "pid", *NAMES}
    fields = {r["from_name"] for r in result} - {"box"}
    assert fields <= controls


def test_work_done_in_label_studio_comes_back(workspace: Workspace) -> None:
    (file,) = exported(workspace, "label-studio")
    tasks = json.loads(file.read_text(encoding="utf-8"))
    old = json.loads(json.dumps(tasks[0]["predictions"][0]["result"]))
    new = tasks[0]["predictions"][0]["result"]
    name = next(r["id"] for r in new if r["from_name"] == "track" and r["value"]["text"] == ["campus-cctv:3"])
    new.append({"id": name, "from_name": "pid", "type": "textarea", "value": {"text": ["1", "12"]}})
    new.append({"id": name, "from_name": "beard", "type": "choices", "value": {"choices": ["Yes"]}})
    tasks[0]["annotations"] = [
        {"result": old, "updated_at": "2025-01-01"},
        {"result": new, "updated_at": "2025-01-02"},
        {"result": [], "updated_at": "2025-01-03", "was_cancelled": True},
    ]
    file.write_text(json.dumps(tasks))
    result = back(workspace, "label-studio", [file])
    rows = {(r["video_id"], r["track_id"]): r["pid"] for r in rows_of(result.identities)}
    assert rows[("campus-cctv", "3")] == "12"
    assert {row["pid"]: row["beard"] for row in rows_of(result.attributes)}["12"] == "Yes"


@pytest.mark.parametrize(
    ("tool", "name", "content", "said"),
    [
        ("cvat", "a.xml", "<annotations>", "is not valid XML"),
        ("cvat", "a.xml", "<annotations><image/></annotations>", "which has tracks"),
        ("label-studio", "a.json", "[", "is not valid JSON"),
        ("label-studio", "a.json", "{}", "not a list of tasks"),
        ("cvat", "none.xml", None, "cannot read"),
        ("voc", "a.xml", "", "cvat, label-studio"),
    ],
)
def test_files_that_are_something_else(
    workspace: Workspace, tool: str, name: str, content: str | None, said: str
) -> None:
    file = workspace.root.parent / name
    if content is not None:
        file.write_text(content)
    with pytest.raises(InputError, match=said):
        back(workspace, tool, [file])


def test_the_tables_of_tools_lead_somewhere() -> None:
    assert set(TOOLS) <= set(FORMATS)
    for name in TOOLS:
        assert callable(tool_reader(name))


def test_the_command_never_replaces_unasked(workspace: Workspace) -> None:
    files = [str(file) for file in exported(workspace, "cvat")]
    words = ["import-annotations", "cvat", *files, "-w", str(workspace.root)]
    before = workspace.identities.read_bytes()
    refused = CliRunner().invoke(app, words)
    assert refused.exit_code == 1
    assert "--overwrite" in refused.stderr
    done = CliRunner().invoke(app, [*words, "--overwrite", "--json"])
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["n_identities"] == 3
    assert workspace.identities.read_bytes() == before
    partial = CliRunner().invoke(app, [*words[:3], *words[4:], "--overwrite"])
    assert "the files do not contain 3 tracks" in partial.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
@pytest.mark.parametrize("tool", TOOLS)
def test_a_named_pipe_is_refused(workspace: Workspace, tool: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.xml")
    with pytest.raises(InputError, match="is a named pipe, not a file"):
        import_annotations(workspace, tool, [tmp_path / "a.xml"], overwrite=True)
