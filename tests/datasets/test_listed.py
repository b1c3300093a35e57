"""Roles from lists: every line is used or named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.datasets import dataset
from agreid_cli.datasets.listed import Entry, listed_rows
from agreid_cli.datasets.market_1501 import GRAMMAR, parse
from agreid_cli.datasets.rows import Row
from agreid_cli.errors import Problem
from tests.datasets.trees import build, jpeg, put

IMAGES = ("q/0001_c1s1_000001_00.jpg", "g/0001_c2s1_000002_00.jpg", "g/holiday.jpg")


def read(root: Path, *entries: Entry | Problem) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    for path in IMAGES:
        put(root / path, jpeg())
    items = list(listed_rows(root, iter(entries), parse, GRAMMAR))
    return {i.path: i.roles for i in items if isinstance(i, Row)}, [
        i for i in items if isinstance(i, Problem)
    ]


def test_an_image_may_have_parts_in_several_directions(tmp_path: Path) -> None:
    rows, problems = read(
        tmp_path, Entry("1", IMAGES[0], "query:a2g"), Entry("2", IMAGES[0], "gallery:g2a"),
        Entry("3", IMAGES[0], "query:a2g"),
    )  # fmt: skip
    assert rows == {IMAGES[0]: ("query:a2g", "gallery:g2a")}
    assert problems == []


@pytest.mark.parametrize(("one", "other"), [("query:all", "gallery:all"), ("train", "query:all")])
def test_parts_that_exclude_each_other_are_a_problem(one: str, other: str, tmp_path: Path) -> None:
    rows, problems = read(tmp_path, Entry("a, line 1", IMAGES[0], one), Entry("b, line 1", IMAGES[0], other))
    assert rows == {IMAGES[0]: (one,)}
    assert [p.where for p in problems] == ["b, line 1"]


def test_a_line_without_an_image_is_named_once(tmp_path: Path) -> None:
    entries = [
        Entry("1", "q/none.jpg", "train"), Entry("2", "q/none.jpg", "train"), Entry("3", "q", "train"),
        Entry("4", IMAGES[2], "train"), Entry("5", "q/a\0b", "train"), Problem("6", "odd"),
    ]  # fmt: skip
    rows, problems = read(tmp_path, *entries)
    assert rows == {}
    told = {p.where: p.what for p in problems}
    assert told["1"] == "q/none.jpg does not exist"
    assert "is not a regular file" in told["3"]
    assert "is not named like" in told[IMAGES[2]]
    assert set(told) == {"1", "3", "5", "6", IMAGES[2]}


ROLES = st.sampled_from(["train", "query:all", "gallery:all", "query:a2g", "gallery:a2g"])


@given(st.lists(st.tuples(st.sampled_from([*IMAGES, "q/none.jpg"]), ROLES), max_size=10))
@settings(max_examples=40, deadline=None)
def test_every_image_is_a_row_or_a_problem(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[str, str]]
) -> None:
    entries = [Entry(f"line {n}", path, role) for n, (path, role) in enumerate(lines)]
    rows, problems = read(tmp_path_factory.mktemp("l"), *entries)
    for path, role in lines:
        first = next(f"line {n}" for n, (other, _) in enumerate(lines) if other == path)
        named = {p.where for p in problems} & {
            path,
            *(f"line {n}" for n, e in enumerate(lines) if e[0] == path),
        }
        assert role in rows.get(path, ()) or named, (path, role, first)
    for roles in rows.values():
        directions = [role.partition(":")[2] for role in roles]
        assert len(directions) == len(set(directions))


def test_msmt_keeps_the_people_of_train_and_test_apart_and_names_bad_lines(tmp_path: Path) -> None:
    build("msmt17", "V1", tmp_path)
    with open(tmp_path / "list_val.txt", "a") as handle:
        handle.write("0000/none.jpg 3\nnonsense\n")
    items = list(dataset("msmt17").layouts[0].read(tmp_path))
    pids = {
        role: {i.pid for i in items if isinstance(i, Row) and role in i.roles}
        for role in ("train", "query:all")
    }
    assert pids == {"train": {0}, "query:all": {10_000}}
    told = [str(i) for i in items if isinstance(i, Problem)]
    assert any("is not an image and a label" in text for text in told)
    assert any("train/0000/none.jpg does not exist" in text for text in told)


def test_a_frame_outside_a_persons_folder_is_a_problem(tmp_path: Path) -> None:
    build("ag-vpreid", "competition", tmp_path)
    name = "P81T2310171A2C0E152K7F9.jpg"
    for place in (f"train/{name}", f"train/someone/a/{name.replace('F9', 'F8')}"):
        put(tmp_path / place, jpeg())
    items = list(dataset("ag-vpreid").layouts[0].read(tmp_path))
    assert sum(isinstance(i, Problem) and "no folder that is a person" in i.what for i in items) == 2


def test_one_name_of_two_persons_is_a_problem(tmp_path: Path) -> None:
    build("ag-vpreid", "competition", tmp_path)
    put(tmp_path / "case2_ground_to_aerial/gallery/9/a/P4T2310171A1C5E1K1F10.jpg", jpeg())
    items = list(dataset("ag-vpreid").layouts[0].read(tmp_path))
    (problem,) = [i for i in items if isinstance(i, Problem)]
    assert "which is pid 1604" in problem.what
