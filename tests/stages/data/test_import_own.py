"""Own crops from a folder or a list become a manifest, and a split if parts are given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from agreid_cli.cli.app import app
from agreid_cli.config.build_split import SplitConfig
from agreid_cli.config.import_dataset import ImportConfig
from agreid_cli.errors import InputError
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.split import SPLIT, sides_of
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.data.build_split import build_split
from agreid_cli.stages.data.import_dataset import ImportResult, import_dataset
from tests.datasets.trees import jpeg, put
from tests.support.heard import Heard


def crops(root: Path, parts: dict[str, range], each: int = 2) -> None:
    """`each` pictures of every person and platform, all different."""
    for part, pids in parts.items():
        for pid in pids:
            for at, platform in enumerate(("uav", "cctv")):
                for n in range(each):
                    path = root / part / f"person_{pid:03d}" / f"{platform}_{n:03d}.jpg"
                    put(path, jpeg(8 + pid, 10 + 4 * n + 2 * at))


def imported(root: Path, name: str, data: Path, heard: Heard | None = None, **how: object) -> ImportResult:
    config = ImportConfig(threads=1, **how)  # type: ignore[arg-type]
    return import_dataset(Workspace(root), name, data, config, progress=heard or Heard())


def test_a_folder_per_person_is_imported_and_split(tmp_path: Path) -> None:
    crops(tmp_path / "own", {"": range(1, 7)})
    heard = Heard()
    result = imported(tmp_path / "ws", "folder", tmp_path / "own", heard)
    assert (result.images, result.identities, result.split, result.unused) == (24, 6, None, [])
    assert any("agreid build-split" in note for note in heard.notes)
    build_split(Workspace(tmp_path / "ws"), SplitConfig())
    lists = sides_of(SPLIT.read(tmp_path / "ws" / "split.parquet"))
    assert set(lists) >= {"a2g", "g2a"}


def test_given_parts_are_kept(tmp_path: Path) -> None:
    crops(tmp_path / "own", {"train": range(1, 4), "query": range(4, 7)})
    for pid in range(4, 7):
        put(tmp_path / "own" / "gallery" / f"person_{pid:03d}" / "cctv_900.jpg", jpeg(60 + pid, 9))
    result = imported(tmp_path / "ws", "folder", tmp_path / "own")
    assert result.split is not None
    table = read_manifest(result.manifest)
    assert set(table["published"].to_pylist()) == {"train", "query:all", "gallery:all"}


def test_queries_are_chosen_where_only_train_and_test_are_given(tmp_path: Path) -> None:
    crops(tmp_path / "own", {"train": range(1, 4), "test": range(4, 7)}, each=3)
    result = imported(tmp_path / "ws", "folder", tmp_path / "own")
    assert result.split is not None
    table = read_manifest(result.manifest).to_pylist()
    for row in table:
        assert (row["published"] == "train") == (row["pid"] < 4)
        assert row["published"] == "train" or ":" in row["published"]
    lists = sides_of(SPLIT.read(tmp_path / "ws" / "split.parquet"))
    for name in ("a2g", "g2a"):
        query, gallery = lists[name]
        assert query
        assert gallery
        assert not set(query) & set(gallery)


def test_a_list_is_imported_alike(tmp_path: Path) -> None:
    crops(tmp_path / "own", {"": range(1, 4)})
    lines = ["path,pid,camid,platform,split,notes"]
    for path in sorted((tmp_path / "own").rglob("*.jpg")):
        uav = "uav" in path.name
        split = "train" if path.parent.name == "person_001" else "test"
        lines.append(f"{path.relative_to(tmp_path / 'own')},{path.parent.name[-3:]},{0 if uav else 3},"
                     f"{'uav' if uav else 'cctv'},{split},x")  # fmt: skip
    put(tmp_path / "own" / "list.csv", "\n".join(lines).encode())
    heard = Heard()
    by_list = imported(tmp_path / "a", "list", tmp_path / "own" / "list.csv", heard)
    assert by_list.split is not None
    assert "list.csv: unused columns: notes" in heard.notes
    (tmp_path / "own" / "list.csv").unlink()
    by_folder = imported(tmp_path / "b", "folder", tmp_path / "own")
    columns = ("crop_id", "path", "pid", "camid", "platform", "width", "height")
    assert (
        read_manifest(by_list.manifest).select(columns).to_pylist()
        == read_manifest(by_folder.manifest).select(columns).to_pylist()
    )


def test_two_pictures_that_differ_in_the_ending_are_both_kept(tmp_path: Path) -> None:
    for pid in (1, 2):
        put(tmp_path / "own" / f"{pid}" / "uav_1.jpg", jpeg(20 + pid, 9))
        put(tmp_path / "own" / f"{pid}" / "uav_1.jpeg", jpeg(30 + pid, 9))
    result = imported(tmp_path / "ws", "folder", tmp_path / "own")
    assert read_manifest(result.manifest)["crop_id"].to_pylist() == [
        "1/uav_1.jpeg", "1/uav_1.jpg", "2/uav_1.jpeg", "2/uav_1.jpg",
    ]  # fmt: skip


def test_folder_and_list_are_told_apart(tmp_path: Path) -> None:
    crops(tmp_path / "own", {"": range(1, 3)})
    put(tmp_path / "own" / "list.csv", b"path,pid,camid,platform\n")
    with pytest.raises(InputError, match="is a file") as caught:
        imported(tmp_path / "ws", "folder", tmp_path / "own" / "list.csv")
    assert "import-dataset list" in caught.value.hint
    with pytest.raises(InputError, match="is a folder") as caught:
        imported(tmp_path / "ws", "list", tmp_path / "own")
    assert "import-dataset folder" in caught.value.hint
    with pytest.raises(InputError, match="does not exist"):
        imported(tmp_path / "ws", "list", tmp_path / "none.csv")
    with pytest.raises(InputError) as caught:
        imported(tmp_path / "ws", "market-1501", tmp_path / "own")
    assert f"agreid import-dataset folder '{tmp_path / 'own'}'" in caught.value.hint
    with pytest.raises(InputError, match="list"):
        imported(tmp_path / "ws", "lists", tmp_path / "own")


def test_the_command_takes_a_platform_for_all(tmp_path: Path) -> None:
    for pid in range(3):
        put(tmp_path / "own" / f"{pid}" / "1.jpg", jpeg(10 + pid, 9))
    words = ["import-dataset", "folder", str(tmp_path / "own"), "--workspace", str(tmp_path / "ws")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1
    assert "0/1.jpg: names no platform" in done.stderr
    assert "--platform" in done.stderr
    done = CliRunner().invoke(app, [*words, "--platform", "cctv"])
    assert done.exit_code == 0, done.stderr
    assert "3 crops of 3 identities" in done.stdout


NAMES = st.sampled_from(
    ["uav_1.jpg", "cctv_2.png", "1.jpg", "uav_c3", "notes.txt", "a.heic", "Thumbs.db", ".x.jpg"]
)
PLACES = st.sampled_from(
    ["", "anna/", "ben/", "train/anna/", "query/cleo/x/", "uav/", "uav2/dora/", "__MACOSX/"]
)
CONTENT = st.sampled_from([jpeg(), jpeg(9, 20), b"", b"no picture"])


@given(st.lists(st.tuples(PLACES, NAMES, CONTENT), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_used_and_named_unused_are_everything(
    tmp_path_factory: pytest.TempPathFactory, extra: list[tuple[str, str, bytes]]
) -> None:
    root = tmp_path_factory.mktemp("own")
    put(root / "own" / "zoe" / "uav_9.jpg", jpeg(11, 33))
    for place, name, data in extra:
        put(root / "own" / f"{place}{name}", data)
    everything = sorted(
        os.path.relpath(os.path.join(folder, name), root / "own")
        for folder, _, names in os.walk(root / "own")
        for name in names
    )
    result = imported(root / "ws", "folder", root / "own", skip_bad=True)
    here = os.path.realpath(root / "own")
    used = [
        os.path.relpath(os.path.normpath(root / "ws" / path), here)
        for path in read_manifest(result.manifest)["path"].to_pylist()
    ]
    left_out = [problem.where for problem in result.left_out_files]
    named = [path for group in result.unused for path in group["paths"]]  # type: ignore[attr-defined]
    assert sorted([*used, *left_out, *named]) == everything
