"""A tree given under the wrong name: the error names the reader that fits, also for nearby folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agreid_cli.datasets import DATASETS, dataset
from agreid_cli.datasets.recognise import choose_layout, named_like, recognised, share
from agreid_cli.errors import InputError
from tests.datasets.trees import TREES, build, jpeg, put

LAYOUTS = [(name, layout.name) for name in DATASETS for layout in dataset(name).layouts]


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_every_tree_is_recognised_by_its_names(name: str, layout: str, tmp_path: Path) -> None:
    build(name, layout, tmp_path)
    assert name in recognised(tmp_path)


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
@pytest.mark.parametrize("around", ["", "a", "a/b"])
def test_a_wrong_reader_names_the_right_one(name: str, layout: str, around: str, tmp_path: Path) -> None:
    build(name, layout, tmp_path / around)
    wrong = "cargo" if name != "cargo" else "market-1501"
    with pytest.raises(InputError) as caught:
        choose_layout(dataset(wrong), tmp_path)
    assert name in str(caught.value).partition("looks like")[2], str(caught.value)
    assert f"'{tmp_path / around}'" in caught.value.hint


@pytest.mark.parametrize(("depth", "words"), [("a", "one level down"), ("a/b", "two levels down")])
def test_the_right_reader_finds_the_set_below(depth: str, words: str, tmp_path: Path) -> None:
    build("market-1501", "official", tmp_path / depth)
    with pytest.raises(InputError) as caught:
        choose_layout(dataset("market-1501"), tmp_path)
    assert words in caught.value.hint
    assert str(tmp_path / depth) in caught.value.hint


@pytest.mark.parametrize(("inner", "words"), [("query", "one level up"), ("query/x", "two levels up")])
def test_the_right_reader_finds_the_set_above(inner: str, words: str, tmp_path: Path) -> None:
    build("market-1501", "official", tmp_path / "m")
    (tmp_path / "m" / inner).mkdir(exist_ok=True)
    with pytest.raises(InputError) as caught:
        choose_layout(dataset("market-1501"), tmp_path / "m" / inner)
    assert words in caught.value.hint


def test_names_of_another_set_in_these_folders_are_refused_with_its_name(tmp_path: Path) -> None:
    build("prai-1581", "sorted into folders", tmp_path)
    with pytest.raises(InputError, match="named like those of prai-1581") as caught:
        choose_layout(dataset("market-1501"), tmp_path)
    assert f"agreid import-dataset prai-1581 '{tmp_path}'" in caught.value.hint


def test_names_of_nobody_are_left_to_the_reader(tmp_path: Path) -> None:
    for folder in ("bounding_box_train", "query", "bounding_box_test"):
        put(tmp_path / folder / "holiday.jpg", jpeg())
    layout = choose_layout(dataset("market-1501"), tmp_path)
    assert share(layout, tmp_path) == 0.0


def test_empty_folders_and_a_tree_of_nothing_are_recognised_as_nothing(tmp_path: Path) -> None:
    assert recognised(tmp_path) == {}
    for path in TREES["market-1501", "official"]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    assert recognised(tmp_path) == {}
    shutil.rmtree(tmp_path / "query")
    with pytest.raises(InputError, match="query: is missing"):
        choose_layout(dataset("market-1501"), tmp_path)


def test_lists_of_another_set_are_not_taken_for_ground_cameras(tmp_path: Path) -> None:
    """LAGPeR's names are like Market-1501's, but some of its cameras are drones."""
    build("market-1501", "official", tmp_path)
    put(tmp_path / "exp3_A2G+.txt", b"query/0001_c1s1_001051_00.jpg\n")
    with pytest.raises(InputError, match=r"has the lists of lagper \(exp3_A2G\+\.txt\)"):
        choose_layout(dataset("market-1501"), tmp_path)


def test_both_versions_of_cuhk03_are_named(tmp_path: Path) -> None:
    for version in ("labeled", "detected"):
        build("cuhk03-np", "labeled or detected", tmp_path / version)
    with pytest.raises(InputError) as caught:
        choose_layout(dataset("cuhk03-np"), tmp_path)
    assert "labeled'" in caught.value.hint
    assert "detected'" in caught.value.hint


def test_names_of_a_set_in_the_folders_of_another_are_refused_with_its_own_folders(tmp_path: Path) -> None:
    for folder in ("bounding_box_train", "query", "bounding_box_test"):
        put(tmp_path / folder / "11" / "0011_c3v1_000011.jpg", jpeg())
    with pytest.raises(InputError, match="not named like it") as caught:
        choose_layout(dataset("market-1501"), tmp_path)
    assert "named like those of g2aps-reid" in caught.value.hint
    assert "query_c0" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "like"),
    [("0001_c0v2_000010.jpg", "g2aps-reid"), ("0007_23_1_4_x.jpg", "cp2108"), ("Cam2_day_1_2.jpg", "cargo"),
     ("0001_c001_00016450_0.jpg", "veri-776"), ("0003_c1_21.png", "cuhk03-np"), ("holiday.jpg", "")],
)  # fmt: skip
def test_names_alone_tell_a_set_in_unusual_folders(name: str, like: str) -> None:
    said = named_like([name] * 5, but="market-1501")
    assert (f"like those of {like}" in said) if like else said == ""
