"""One image in several places: errors, warnings, and accepted copies."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.datasets.copies import judge, same_pictures
from agreid_cli.datasets.rows import Row
from tests.datasets.trees import put

FOLDERS = ("train", "query", "gallery")


def row(path: str, pid: int = 1, camid: int = 1, *, also: tuple[str, ...] = ()) -> Row:
    part = path.partition("/")[0]
    roles = ("train",) if part == "train" else (f"{part}:all",)
    return Row(path, pid, camid, "cctv", roles, also=also)


def judged(*rows: Row, same: tuple[tuple[str, ...], ...]) -> tuple[dict[str, str], str]:
    found = judge(rows, [sorted(group) for group in same], FOLDERS)
    return {p.where: p.what for p in found.problems}, " | ".join(found.warnings)


@given(st.lists(st.sampled_from([b"", b"a", b"b", b"ab", b"ba", b"aaaa"]), max_size=12))
@settings(max_examples=30, deadline=None)
def test_equal_files_are_found_as_by_comparing_all(tmp_path_factory: object, contents: list[bytes]) -> None:
    root = tmp_path_factory.mktemp("files")  # type: ignore[attr-defined]
    paths = [f"{n:02d}.jpg" for n in range(len(contents))]
    for path, data in zip(paths, contents, strict=True):
        (root / path).write_bytes(data)
    slow: dict[str, list[str]] = {}
    for path, data in zip(paths, contents, strict=True):
        slow.setdefault(hashlib.sha256(data).hexdigest(), []).append(path)
    seen = []
    found = same_pictures(root, paths, threads=2, advance=seen.append)
    assert found == sorted(group for group in slow.values() if len(group) > 1)
    assert sum(seen) == len(paths)


def test_a_file_that_is_gone_is_no_copy(tmp_path: Path) -> None:
    put(tmp_path / "a", b"x")
    assert same_pictures(tmp_path, ["a", "b"], threads=1) == []


def test_a_folder_inside_itself_is_a_problem() -> None:
    twice = (row("query/a.jpg"), row("query/query/a.jpg"), row("query/x/y/a.jpg"))
    problems, warnings = judged(*twice, same=(tuple(r.path for r in twice),))
    assert set(problems) == {"query/query/a.jpg", "query/x/y/a.jpg"}
    assert all(what == "is a copy of query/a.jpg" for what in problems.values())
    assert warnings == ""


def test_the_same_name_of_two_people_is_no_folder_inside_itself() -> None:
    rows = (row("train/1/uav.jpg", 1), row("train/2/uav.jpg", 2))
    problems, warnings = judged(*rows, same=(tuple(r.path for r in rows),))
    assert problems == {}
    assert warnings.startswith(
        "1 copy of an image under another identity, kept: train/1/uav.jpg and train/2/"
    )


def test_a_test_picture_that_is_trained_on_is_a_problem_whatever_its_name() -> None:
    rows = (row("train/a.jpg", 1), row("gallery/b.png", 7, 3), row("query/c.jpg", 8))
    problems, _ = judged(*rows, same=(tuple(r.path for r in rows),))
    assert set(problems) == {"gallery/b.png", "query/c.jpg"}
    assert "train/a.jpg, which is in the training set" in problems["query/c.jpg"]


def test_junk_in_the_gallery_may_be_a_training_picture() -> None:
    rows = (row("train/a.jpg", 1), row("gallery/b.jpg", -1))
    problems, warnings = judged(*rows, same=(tuple(r.path for r in rows),))
    assert problems == {}
    assert "under another identity, kept" in warnings


def test_strange_copies_are_said_by_kind() -> None:
    rows = (row("query/a.jpg", 1, 1), row("gallery/b.jpg", 1, 2), row("gallery/c.jpg", 1, 1))
    problems, warnings = judged(*rows, same=(tuple(r.path for r in rows),))
    assert problems == {}
    assert "1 copy of an image under another camera" in warnings
    assert "1 copy of an image under the same identity and camera, kept" in warnings
    assert "gallery/c.jpg and query/a.jpg" in warnings


def test_joined_names_are_one_crop_where_the_files_agree() -> None:
    joined = row("query/a.jpg", also=("gallery/a.jpg",))
    assert judged(joined, same=(("query/a.jpg", "gallery/a.jpg"),)) == ({}, "")
    problems, warnings = judged(joined, same=())
    assert problems == {}
    assert "with the same name as another but different content" in warnings


def test_joined_names_in_one_folder_are_problems() -> None:
    joined = row("gallery/a.jpg", also=("query/a.jpg", "query/query/a.jpg", "query/z/a.jpg"))
    problems, _ = judged(joined, same=(("gallery/a.jpg", "query/a.jpg", "query/query/a.jpg"),))
    assert problems == {
        "query/query/a.jpg": "is a copy of query/a.jpg",
        "query/z/a.jpg": "has the same name as query/a.jpg but different content",
    }


def test_a_group_of_other_places_alone_is_nothing_new() -> None:
    rows = (row("query/a.jpg", also=("gallery/a.jpg",)), row("query/b.jpg", 2, also=("gallery/b.jpg",)))
    problems, warnings = judged(*rows, same=(("gallery/a.jpg", "gallery/b.jpg"),))
    assert problems == {}
    assert warnings.startswith("2 files with the same name as another but different content")
