"""Frame numbers of annotation tools: CVAT projects, Label Studio at another rate, boxes on no crop."""

from __future__ import annotations

import contextlib
import copy
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.export_dataset import ExportConfig
from agreid_cli.errors import InputError
from agreid_cli.records.crops import CROPS
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.annotate.import_annotations import ImportedAnnotations, import_annotations
from agreid_cli.stages.data.export_dataset import export_dataset
from tests.support.heard import Heard
from tests.support.tables import crops_table

VIDEOS = ("campus-cctv", "campus-uav")


def named(root: Path, every: int = 30, rate: float = 30.0) -> Workspace:
    """A workspace in which every crop of track n of both videos is person n, and no file says so yet."""
    table = crops_table(1, n_pids=3, crops_per_pid=4)
    frames = [frame // 30 * every for frame in table["frame"].to_pylist()]
    table = table.set_column(
        table.column_names.index("frame"), "frame", pa.array(frames, pa.int32())
    ).set_column(
        table.column_names.index("time_s"), "time_s", pa.array([f / rate for f in frames], pa.float64())
    )
    workspace = Workspace(root)
    CROPS.write(table, workspace.crops)
    return workspace


def exported(workspace: Workspace, tool: str) -> Path:
    out = workspace.root / f"for-{tool}"
    export_dataset(workspace, tool, out, ExportConfig(), overwrite=True)
    return out


def back(workspace: Workspace, tool: str, *files: Path, heard: Heard | None = None) -> ImportedAnnotations:
    extra = {"progress": heard} if heard else {}
    return import_annotations(workspace, tool, files, out=workspace.root / "back", overwrite=True, **extra)  # type: ignore[arg-type]


def who(workspace: Workspace) -> list[str]:
    return (workspace.root / "back" / "identities.csv").read_text().splitlines()[1:]


def project(
    folder: Path,
    tasks: list[dict[str, Any]],
    *,
    by_subset: bool = False,
    counts_on: bool = True,
    pid: Callable[[str, int], int] = lambda video, frame: 1,
) -> Path:
    """The export of a CVAT project, as its program numbers frames; a task is a dict of what `<meta>` says."""
    root = ElementTree.Element("annotations")
    listed = ElementTree.SubElement(
        ElementTree.SubElement(ElementTree.SubElement(root, "meta"), "project"), "tasks"
    )
    ends: dict[str, int] = {}
    for number, task in enumerate(tasks, 11):
        row = task["subset"] if by_subset else ""
        offset = ends.get(row, 0) if counts_on else 0
        ends[row] = ends.get(row, 0) + task["start"] + task["step"] * task["size"]
        node = ElementTree.SubElement(listed, "task")
        for name, text in (
            ("id", number), ("name", task["video"]), ("size", task["size"]), ("subset", task["subset"]),
            ("start_frame", task["start"]), ("frame_filter", f"step={task['step']}"),
        ):  # fmt: skip
            ElementTree.SubElement(node, name).text = str(text)
        source = ElementTree.parse(folder / task["video"] / "annotations.xml").getroot()
        for track in source.findall("track"):
            track.set("task_id", str(number))
            for box in track.findall("box"):
                frame = int(box.get("frame", ""))
                for field in box.findall("attribute"):
                    if field.get("name") == "pid":
                        field.text = str(pid(task["video"], frame))
                box.set("frame", str(frame + offset))
            track.set("id", str(len(root)))
            root.append(track)
    path = folder / "project.xml"
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return path


def task(video: str, size: int = 120, **how: Any) -> dict[str, Any]:
    return {"video": video, "size": size, "start": 0, "step": 1, "subset": "default", **how}


def by_half(video: str, frame: int) -> int:
    """Another person from frame 60 on, so that shifted frames change the answer."""
    return {"campus-cctv": 10, "campus-uav": 20}[video] + (frame >= 60)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return named(tmp_path_factory.mktemp("frames"))


RIGHT = [
    f"{video},{track},{ends},{by_half(video, int(ends[:2].strip(',')))}"
    for video in VIDEOS
    for track in (1, 2, 3)
    for ends in ("0,30", "60,90")
]


@settings(max_examples=10, deadline=None)
@given(
    sizes=st.tuples(st.integers(92, 400), st.integers(92, 400)),
    step=st.sampled_from([1, 2, 5, 30]),
    order=st.booleans(),
    subsets=st.sampled_from([("a", "a"), ("a", "b")]),
    by_subset=st.booleans(),
)
def test_the_frames_of_a_project_are_those_of_its_videos(
    workspace: Workspace,
    sizes: tuple[int, int],
    step: int,
    order: bool,
    subsets: tuple[str, str],
    by_subset: bool,
) -> None:
    folder = exported(workspace, "cvat")
    tasks = [
        task(video, -(-size // step) + 1, step=step, subset=subset)
        for video, size, subset in zip(VIDEOS[:: -1 if order else 1], sizes, subsets, strict=True)
    ]
    file = project(folder, tasks, by_subset=by_subset, pid=by_half)
    result = back(workspace, "cvat", file)
    assert (result.n_open, who(workspace)) == (0, RIGHT)


def test_a_short_first_task_and_a_program_that_does_not_count_on(workspace: Workspace) -> None:
    folder = exported(workspace, "cvat")
    tree = ElementTree.parse(folder / "campus-cctv" / "annotations.xml")
    for track in tree.getroot().findall("track"):
        for box in track.findall("box")[1:]:
            track.remove(box)
    tree.write(folder / "campus-cctv" / "annotations.xml")
    for counts_on in (True, False):
        file = project(folder, [task("campus-cctv", 8), task("campus-uav")], counts_on=counts_on, pid=by_half)
        heard = Heard()
        back(workspace, "cvat", file, heard=heard)
        assert [row for row in who(workspace) if "uav" in row] == [r for r in RIGHT if "uav" in r]
        assert "3 tracks are on some of the crops only" in "\n".join(heard.warnings)
        assert "campus-cctv:1 (1 of 4 crops)" in "\n".join(heard.warnings)


def broken(file: Path, change: Callable[[ElementTree.Element], None]) -> Path:
    tree = ElementTree.parse(file)
    change(tree.getroot())
    tree.write(file)
    return file


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda root: [t.attrib.pop("task_id") for t in root.iter("track")],
            "names no task; a project export",
        ),
        (lambda root: [t.set("task_id", "99") for t in root.iter("track")], "names task 99, which the file"),
        (
            lambda root: [b.set("frame", str(int(b.get("frame")) + 70)) for b in root.iter("box")],
            "task 'campus-uav': has boxes on frames 190 to 280 of the file, and contains 0 to 119",
        ),
        (
            lambda root: [b.set("frame", "x") for b in root.iter("box")],
            "a box is on frame 'x', which is not a frame number",
        ),
    ],
)
def test_a_project_whose_frames_cannot_be_told_is_refused(
    workspace: Workspace, change: Callable[[ElementTree.Element], None], said: str
) -> None:
    folder = exported(workspace, "cvat")
    file = broken(project(folder, [task("campus-cctv"), task("campus-uav")]), change)
    with pytest.raises(InputError) as caught:
        back(workspace, "cvat", file)
    assert said in str(caught.value)


def test_a_named_track_whose_boxes_are_on_no_crop_is_an_error(workspace: Workspace) -> None:
    folder = exported(workspace, "cvat")

    def shift(root: ElementTree.Element) -> None:
        for box in root.iter("box"):
            box.set("frame", str(int(box.get("frame", "")) + 200))
        root.find("meta/task/size").text = "500"  # type: ignore[union-attr]

    file = broken(folder / "campus-uav" / "annotations.xml", shift)
    assert back(workspace, "cvat", file).n_open == 6, "nobody is named in it, so nothing is lost"
    broken(file, lambda root: _name_all(root, "5"))
    with pytest.raises(InputError) as caught:
        back(workspace, "cvat", file)
    assert "is named, and its boxes (frames 200 to 290) are on no crop of campus-uav:1" in str(caught.value)
    assert "4 crops on frames 0 to 90" in str(caught.value)
    assert len(caught.value.problems) == 3


def _name_all(root: ElementTree.Element, pid: str) -> None:
    for field in root.iter("attribute"):
        if field.get("name") == "pid":
            field.text = pid


def test_boxes_beside_their_crops_show_that_frames_are_counted_otherwise(workspace: Workspace) -> None:
    folder = exported(workspace, "cvat")
    file = folder / "campus-uav" / "annotations.xml"

    def aside(part: int) -> Callable[[ElementTree.Element], None]:
        def change(root: ElementTree.Element) -> None:
            _name_all(root, "5")
            for track in root.findall("track")[:part]:
                for box in track.findall("box"):
                    box.set("xtl", "1"), box.set("xbr", "2")

        return change

    heard = Heard()
    back(workspace, "cvat", broken(file, aside(1)), heard=heard)
    assert "campus-uav: 4 of 12 boxes are not where the crop of their frame was cut" in "\n".join(
        heard.warnings
    )
    with pytest.raises(InputError, match="12 of 12 boxes are not where the crop"):
        back(workspace, "cvat", broken(file, aside(3)))


def test_boxes_of_a_smaller_copy_of_the_video_fit(workspace: Workspace) -> None:
    folder = exported(workspace, "cvat")

    def halve(root: ElementTree.Element) -> None:
        _name_all(root, "5")
        for name in ("width", "height"):
            node = root.find(f"meta/task/original_size/{name}")
            assert node is not None
            node.text = str(int(node.text or "") // 2)
        for box in root.iter("box"):
            for name in ("xtl", "ytl", "xbr", "ybr"):
                box.set(name, str(float(box.get(name, "")) / 2))

    heard = Heard()
    back(workspace, "cvat", broken(folder / "campus-uav" / "annotations.xml", halve), heard=heard)
    assert not any("not where the crop" in text for text in heard.warnings)


def test_the_xml_may_lie_in_a_folder_of_the_archive_and_several_are_read(
    workspace: Workspace, tmp_path: Path
) -> None:
    folder = exported(workspace, "cvat")
    for video in VIDEOS:
        broken(folder / video / "annotations.xml", lambda root: _name_all(root, "5"))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("__MACOSX/x/._annotations.xml", b"\0")
        for video in VIDEOS:
            archive.write(folder / video / "annotations.xml", f"tasks/{video}/annotations.xml")
    assert back(workspace, "cvat", tmp_path / "a.zip").n_open == 0
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("images/a.jpg", b"")
    with pytest.raises(InputError, match=r"contains no annotations\.xml"):
        back(workspace, "cvat", tmp_path / "b.zip")


def test_what_the_files_hold_and_nobody_uses_is_named(workspace: Workspace) -> None:
    folder = exported(workspace, "cvat")

    def more(root: ElementTree.Element) -> None:
        for box in root.iter("box"):
            ElementTree.SubElement(box, "attribute", name="mood").text = "glad"
        lonely = copy.deepcopy(root.findall("track")[0])
        for box in lonely.findall("box"):
            lonely.remove(box)
        ElementTree.SubElement(lonely, "polygon", frame="0")
        lonely.set("id", "77")
        root.append(lonely)
        outside = copy.deepcopy(root.findall("track")[0])
        for box in outside.findall("box"):
            box.set("outside", "1")
        root.append(outside)
        ElementTree.SubElement(root, "image", id="0")

    heard = Heard()
    back(workspace, "cvat", broken(folder / "campus-uav" / "annotations.xml", more), heard=heard)
    said = "\n".join(heard.warnings)
    assert "fields that are no attribute here and are not used: mood (3 boxes)" in said
    assert "attributes of 3 tracks without a pid are not used" in said
    assert "2 tracks have no visible boxes and are not used" in said
    assert "1 annotated images are not used" in said


# Label Studio


def regions(tree: list[dict[str, Any]], video: str) -> list[list[dict[str, Any]]]:
    (found,) = (t["predictions"][0]["result"] for t in tree if t["data"]["video_id"] == video)
    return [r["value"]["sequence"] for r in found if r["type"] == "videorectangle"]


def name_regions(tree: list[dict[str, Any]]) -> None:
    """Who is who: 10 and 20, as `by_half` without its second person."""
    for one in tree:
        result = one["predictions"][0]["result"]
        for name in {r["id"] for r in result}:
            pid = {"campus-cctv": "10", "campus-uav": "20"}[one["data"]["video_id"]]
            result.append({"id": name, "from_name": "pid", "type": "textarea", "value": {"text": [pid]}})


@settings(max_examples=12, deadline=None)
@given(
    own=st.sampled_from([10.0, 25.0, 29.97, 60.0]),
    rate=st.sampled_from([10.0, 24.0, 25.0, 30.0, 59.94]),
    ends=st.booleans(),
    duration=st.booleans(),
)
def test_label_studio_may_play_a_video_at_any_rate(
    tmp_path_factory: pytest.TempPathFactory, own: float, rate: float, ends: bool, duration: bool
) -> None:
    """Keys as its page makes them: frame = time × rate of the project, counted from 1, and the time."""
    workspace = named(tmp_path_factory.mktemp("ls"), every=120, rate=own)
    file = exported(workspace, "label-studio") / "tasks.json"
    tree = json.loads(file.read_text(encoding="utf-8"))
    name_regions(tree)
    for one in tree:
        for result in one["predictions"][0]["result"]:
            if result["type"] != "videorectangle":
                continue
            value = result["value"]
            for key in value["sequence"]:
                number = round((key["frame"] - 1) / own * rate) + 1
                key |= {"frame": number, "time": number / rate if ends else (number - 1) / rate}
            seconds = 500 / own
            value |= {"framesCount": round(seconds * rate)} | ({"duration": seconds} if duration else {})
    file.write_text(json.dumps(tree))
    result = back(workspace, "label-studio", file)
    assert result.n_open == 0
    assert who(workspace) == [f"{v},{t},,,{by_half(v, 0)}" for v in VIDEOS for t in (1, 2, 3)]


def test_keys_without_times_go_by_the_length_of_the_video(tmp_path: Path) -> None:
    workspace = named(tmp_path, rate=10.0)
    file = exported(workspace, "label-studio") / "tasks.json"
    tree = json.loads(file.read_text(encoding="utf-8"))
    name_regions(tree)
    for one in tree:
        for result in one["predictions"][0]["result"]:
            if result["type"] == "videorectangle":
                result["value"] |= {"framesCount": 250, "duration": 10.0}
                for key in result["value"]["sequence"]:
                    del key["time"]
                    key["frame"] = round((key["frame"] - 1) * 2.5) + 1
    file.write_text(json.dumps(tree))
    heard = Heard()
    assert back(workspace, "label-studio", file, heard=heard).n_open == 0
    assert "Label Studio counts 25 frames/s and 'campus-uav' has 10" in "\n".join(heard.warnings)


def test_every_task_is_written_with_the_rate_of_its_video(tmp_path: Path) -> None:
    table = crops_table(1, n_pids=2, crops_per_pid=3)
    rates = {"campus-cctv": 12.5, "campus-uav": 50.0}
    rows = zip(table["frame"].to_pylist(), table["video_id"].to_pylist(), strict=True)
    times = pa.array([5.0 + frame / rates[video] for frame, video in rows], pa.float64())
    workspace = Workspace(tmp_path)
    CROPS.write(table.set_column(table.column_names.index("time_s"), "time_s", times), workspace.crops)
    out = exported(workspace, "label-studio")
    tree = json.loads((out / "tasks.json").read_text(encoding="utf-8"))
    assert {one["data"]["video_id"]: one["data"]["fps"] for one in tree} == rates
    video = ElementTree.fromstring((out / "config.xml").read_text(encoding="utf-8")).find("Video")
    assert video is not None
    assert video.get("framerate") == "$fps"


def test_what_label_studio_holds_and_nobody_uses_is_counted(workspace: Workspace) -> None:
    file = exported(workspace, "label-studio") / "tasks.json"
    tree = json.loads(file.read_text(encoding="utf-8"))
    done = {"result": tree[0]["predictions"][0]["result"]}
    other = {"id": "x", "type": "timelinelabels", "value": {}}
    tree[0]["annotations"] = [
        done, {"result": [*done["result"]], "updated_at": "1"}, {"result": [], "was_cancelled": True}
    ]  # fmt: skip
    tree[0]["annotations"][1]["result"].append({**other, "id": done["result"][0]["id"]})
    tree.append({"id": 9, "data": {}})
    file.write_text(json.dumps(tree))
    heard = Heard()
    back(workspace, "label-studio", file, heard=heard)
    said = "\n".join(heard.warnings)
    for words in (
        "cancelled annotations, not used: 1", "older annotations of a task, not used: 1",
        "tasks without annotations: 1", "results of type 'timelinelabels', not used: 1",
    ):  # fmt: skip
        assert words in said


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.recursive(
            st.none()
            | st.booleans()
            | st.floats()
            | st.sampled_from(["1", "campus-uav:1", "videorectangle", "textarea", "choices"]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "result",
                            "annotations",
                            "predictions",
                            "value",
                            "sequence",
                            "frame",
                            "time",
                            "id",
                            "text",
                            "choices",
                            "type",
                        ]
                    ),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=12,
        ).filter(lambda value: isinstance(value, dict)),
        max_size=3,
    )
)
def test_any_json_is_read_or_refused_in_words(workspace: Workspace, tree: list[Any]) -> None:
    file = workspace.root / "any.json"
    file.write_text(json.dumps(tree))
    with contextlib.suppress(InputError):
        back(workspace, "label-studio", file)


@pytest.mark.parametrize("words", [{"a": "campus-uav:1"}, 5, True, ["campus-uav:1", {"a": 1}]])
def test_a_field_of_another_form_is_refused_in_words(workspace: Workspace, words: object) -> None:
    result = [{"id": "r", "type": "textarea", "from_name": "track", "value": {"text": words}}]
    file = workspace.root / "odd.json"
    file.write_text(json.dumps([{"annotations": [{"result": result}]}]))
    with pytest.raises(InputError, match="names no track"):
        back(workspace, "label-studio", file)


def test_the_command_says_what_was_met_in_part(workspace: Workspace) -> None:
    folder = exported(workspace, "cvat")

    def some(root: ElementTree.Element) -> None:
        _name_all(root, "5")
        for track in root.findall("track"):
            track.findall("box")[2].set("outside", "1")
            track.findall("box")[3].set("outside", "1")

    file = broken(folder / "campus-uav" / "annotations.xml", some)
    words = [
        "import-annotations",
        "cvat",
        str(file),
        "-w",
        str(workspace.root),
        "--out",
        str(folder),
        "--overwrite",
    ]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.stderr
    assert "the boxes of 3 tracks are on some of the crops only" in done.stderr
