"""No file is skipped silently: used and unused files together are all files."""

from __future__ import annotations

import os
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agreid_cli.config.import_dataset import ImportConfig
from agreid_cli.datasets import dataset
from agreid_cli.datasets.unused import ELSEWHERE, LITTER, NOT_READ, say_unused, unused
from agreid_cli.errors import InputError
from agreid_cli.records.manifest import read_manifest
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.data.import_dataset import import_dataset
from tests.datasets.trees import build, jpeg, put
from tests.support.heard import Heard

NAMES = st.sampled_from(
    [
        "0002_c1s1_000451_03.jpg", "0002_c1s1_000451_03.png", "0009_c2s1_000451_03.heic", "notes.txt",
        "-1_c1s1_000001_01.webp", "0003_c1s1_000001_01", "holiday.jpg", "Thumbs.db", ".hidden.jpg", "README",
        "._0002_c1s1_000451_03.jpg", "a b.TIFF", "x.jpg.jpg", "copy.jpg.bak",
    ]
)  # fmt: skip
PLACES = st.sampled_from(
    ["", "query/", "bounding_box_train/", "bounding_box_test/", "bounding_box_test/deep/er/", "gt_bbox/",
     "@eaDir/", "__MACOSX/query/", "query/__MACOSX/", ".git/", "query/query/"]
)  # fmt: skip
CONTENT = st.sampled_from([jpeg(), jpeg(9, 20), jpeg(10, 30), b"", b"no picture"])


def all_files(root: Path) -> set[str]:
    return {
        os.path.relpath(os.path.join(folder, name), root)
        for folder, _, names in os.walk(root)
        for name in names
    }


@given(st.lists(st.tuples(PLACES, NAMES, CONTENT), max_size=14))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_used_and_named_unused_are_everything(
    tmp_path_factory: pytest.TempPathFactory, extra: list[tuple[str, str, bytes]]
) -> None:
    root = tmp_path_factory.mktemp("m")
    build("market-1501", "official", root / "data")
    for place, name, data in extra:
        put(root / "data" / f"{place}{name}", data)
    given_files = all_files(root / "data")
    result = import_dataset(
        Workspace(root / "ws"), "market-1501", root / "data", ImportConfig(threads=1, skip_bad=True)
    )
    here = os.path.realpath(root / "data")
    used = [
        os.path.relpath(os.path.normpath(root / "ws" / path), here)
        for path in read_manifest(result.manifest)["path"].to_pylist()
    ]
    left_out = [problem.where for problem in result.left_out_files]
    named = [path for group in result.unused for path in group["paths"]]  # type: ignore[attr-defined]
    read = ["market_attribute.mat"]
    everything = [*used, *left_out, *named, *read]
    assert sorted(everything) == sorted(given_files)


def test_endings_are_counted_and_people_who_vanish_are_named(tmp_path: Path) -> None:
    build("market-1501", "official", tmp_path / "data")
    for n in range(3):
        put(tmp_path / "data" / "query" / f"0041_c1s1_00000{n}_00.heic", b"x")
    put(tmp_path / "data" / "query" / "0001_c1s1_000777_00.jxl", b"x")
    put(tmp_path / "data" / "bounding_box_train" / "0055_c1s1_000000_00.jpg", b"broken")
    put(tmp_path / "data" / "gt_bbox" / "0001_c1s1_000777_00.jpg", jpeg())
    heard = Heard()
    result = import_dataset(
        Workspace(tmp_path / "ws"),
        "market-1501",
        tmp_path / "data",
        ImportConfig(skip_bad=True),
        progress=heard,
    )
    said = " | ".join(heard.warnings)
    assert "skipped because of the suffix: 4 files (.heic 3, .jxl 1)" in said
    assert "2 identities have no crop left" in said
    assert "pid 41, 55" in said
    assert any("gt_bbox/" in note for note in heard.notes)
    assert result.left_out == 1
    assert {(g["folder"], g["ending"], g["why"], g["files"]) for g in result.unused} == {
        ("query", ".heic", NOT_READ, 3),
        ("query", ".jxl", NOT_READ, 1),
        ("gt_bbox", ".jpg", ELSEWHERE, 1),
    }


def test_litter_is_counted_and_not_said(tmp_path: Path) -> None:
    for name in ("query/Thumbs.db", "query/.DS_Store", "__MACOSX/query/._a.jpg", "query/a.txt", "readme.md"):
        put(tmp_path / name, b"x")
    found = unused(tmp_path, [], ["query"])
    assert {(g.why, g.folder, g.ending) for g in found} >= {
        (LITTER, "query", ".db"),
        (LITTER, "__MACOSX", ".jpg"),
    }
    warnings, notes = say_unused(found)
    assert warnings == ["skipped because of the suffix: 1 file (.txt 1), first query/a.txt"]
    assert notes == ["not used by this reader: readme.md"]


def test_a_workspace_inside_the_data_set_is_not_named_unused(tmp_path: Path) -> None:
    build("cargo", "official", tmp_path)
    first = import_dataset(Workspace(tmp_path), "cargo", tmp_path, ImportConfig())
    again = import_dataset(Workspace(tmp_path), "cargo", tmp_path, ImportConfig(), overwrite=True)
    assert first.unused == again.unused == []


@pytest.mark.parametrize("name", ["market-1501", "cargo"])
def test_a_pipe_with_the_name_of_an_image_is_refused_and_not_opened(name: str, tmp_path: Path) -> None:
    build(name, "official", tmp_path / "data")
    example = next(iter(dataset(name).layouts[0].folders))
    os.mkfifo(tmp_path / "data" / example / f"{string.ascii_lowercase}.jpg")
    with pytest.raises(InputError, match="is not a regular file"):
        import_dataset(Workspace(tmp_path / "ws"), name, tmp_path / "data", ImportConfig())
