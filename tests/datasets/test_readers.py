"""Every reader of the table on a miniature tree with the official names."""

from __future__ import annotations

import pickle
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.datasets import DATASETS, ag_reid, cargo, dataset, market_1501, prai_1581, uav_human
from agreid_cli.datasets.ag_reid import FOLDERS
from agreid_cli.datasets.counts import compare
from agreid_cli.datasets.recognise import choose_layout
from agreid_cli.datasets.rows import Row
from agreid_cli.datasets.tree import find_file
from agreid_cli.errors import InputError, Problem
from agreid_cli.records.directions import DIRECTIONS
from tests.datasets.trees import AG_REID_V2, BY_LIST, LISTS, PRAI, TREES, build, jpeg, partitions, put

LAYOUTS = [(name, layout.name) for name in DATASETS for layout in dataset(name).layouts]
EXAMPLES = sorted({Path(path).name for tree in TREES.values() for path in tree})


def read(name: str, root: Path) -> tuple[list[Row], list[Problem]]:
    items = list(choose_layout(dataset(name), root).read(root))
    return [i for i in items if isinstance(i, Row)], [i for i in items if isinstance(i, Problem)]


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_a_tree_is_read_as_its_names_say(name: str, layout: str, tmp_path: Path) -> None:
    truth = build(name, layout, tmp_path)
    assert choose_layout(dataset(name), tmp_path).name == layout
    rows, problems = read(name, tmp_path)
    assert problems == []
    found = {
        row.path: (row.pid, row.camid, row.platform, row.roles, row.session, row.altitude, row.frame)
        for row in rows
    }
    assert found == truth
    assert len(rows) == len(found)


@pytest.mark.parametrize("name", DATASETS)
def test_the_table_holds_whole_data_sets(name: str) -> None:
    source = dataset(name)
    assert source.name == name
    for layout in source.layouts:
        for subset in layout.subsets:
            part, _, direction = subset.role.partition(":")
            assert part == "train" or (part in ("query", "gallery") and direction in DIRECTIONS)
    assert all((name, layout.name) in TREES for layout in source.layouts)


@pytest.mark.parametrize("module", [ag_reid, cargo, market_1501, prai_1581, uav_human])
@given(st.text("PTACFDSRUGLBHc-_0129.Zs٣", max_size=40), st.sampled_from(EXAMPLES), st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_any_name_is_a_row_or_none(module: ModuleType, text: str, name: str, at: int) -> None:
    for given_name in (text, f"{text}.jpg", name[:at] + text + name[at:]):
        row = module.parse(given_name)
        assert row is None or (row.pid >= -1 and row.camid >= 0 and (row.frame or 0) >= 0)


def test_unknown_names_list_the_choices() -> None:
    with pytest.raises(InputError, match="did you mean 'market-1501'") as caught:
        dataset("market1501")
    assert all(name in str(caught.value) for name in DATASETS)


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_names_outside_the_grammar_are_problems_and_other_files_are_not(
    name: str, layout: str, tmp_path: Path
) -> None:
    if (name, layout) in BY_LIST:
        pytest.skip("the lists say which files are images of the set")
    build(name, layout, tmp_path)
    folder = next(iter(TREES[name, layout])).rpartition("/")[0]
    put(tmp_path / folder / "holiday.JPG", jpeg())
    put(tmp_path / folder / "holiday ١.png", jpeg())
    put(tmp_path / folder / "Thumbs.db")
    put(tmp_path / folder / "._0002_c1s1_000451_03.jpg")
    _, problems = read(name, tmp_path)
    assert {p.where for p in problems} == {f"{folder}/holiday.JPG", f"{folder}/holiday ١.png"}
    assert all("is not named like" in p.what for p in problems)


def test_a_number_too_large_for_its_column_is_a_problem(tmp_path: Path) -> None:
    build("ag-reid", "official", tmp_path)
    put(tmp_path / "query_all_c0" / f"P{'9' * 20}T04041A0C0F31.jpg", jpeg())
    _, problems = read("ag-reid", tmp_path)
    assert [p.what for p in problems] == ["has a number in its name that is too large"]


def test_a_wrong_tree_lists_all_that_is_missing(tmp_path: Path) -> None:
    put(tmp_path / "query_all_c0" / "P0000T02140A0C0F91.jpg")
    with pytest.raises(InputError, match="not have the layout of AG-ReID") as caught:
        choose_layout(dataset("ag-reid"), tmp_path)
    missing = {p.where for p in caught.value.problems}
    assert missing == set(FOLDERS) - {"query_all_c0"}


@pytest.mark.parametrize(("given", "word"), [(".", "one level down"), ("inner/query", "one level up")])
def test_a_folder_one_level_off_is_named(given: str, word: str, tmp_path: Path) -> None:
    build("market-1501", "official", tmp_path / "inner")
    with pytest.raises(InputError, match=word) as caught:
        choose_layout(dataset("market-1501"), tmp_path / given)
    assert str(tmp_path / "inner") in caught.value.hint


def test_an_archive_and_a_missing_folder_say_what_to_do(tmp_path: Path) -> None:
    put(tmp_path / "AG-ReID.zip")
    with pytest.raises(InputError, match="Unpack"):
        choose_layout(dataset("ag-reid"), tmp_path / "AG-ReID.zip")
    with pytest.raises(InputError, match="does not exist"):
        choose_layout(dataset("ag-reid"), tmp_path / "nothing")


def test_one_name_in_two_test_folders_is_one_crop_with_two_parts(tmp_path: Path) -> None:
    build("ag-reid", "official", tmp_path)
    put(tmp_path / "bounding_box_test_all_c0" / "P0000T02140A0C0F91.jpg", jpeg())
    rows, problems = read("ag-reid", tmp_path)
    assert problems == []
    both = next(row for row in rows if row.path == "query_all_c0/P0000T02140A0C0F91.jpg")
    assert both.roles == ("query:a2g", "gallery:g2a")
    assert len(rows) == len(TREES["ag-reid", "official"])


def test_a_name_that_is_trained_on_and_tested_is_a_problem(tmp_path: Path) -> None:
    build("ag-reid", "official", tmp_path)
    put(tmp_path / "query_all_c0" / "P0001T04041A0C0F31.jpg", jpeg())
    _, problems = read("ag-reid", tmp_path)
    assert [p.where for p in problems] == ["query_all_c0/P0001T04041A0C0F31.jpg"]


def test_the_lists_of_v2_may_lie_beside_the_image_folder(tmp_path: Path) -> None:
    truth = build("ag-reid-v2", "as downloaded", tmp_path / "AG-ReID.v2")
    for name in LISTS.values():
        (tmp_path / "AG-ReID.v2" / name).rename(tmp_path / name)
    rows, problems = read("ag-reid-v2", tmp_path / "AG-ReID.v2")
    assert problems == []
    assert {row.path: row.roles for row in rows} == {path: t[3] for path, t in truth.items()}


def test_a_listed_image_that_is_not_there_names_list_and_line(tmp_path: Path) -> None:
    build("ag-reid-v2", "as downloaded", tmp_path)
    gone = next(path for path, truth in AG_REID_V2.items() if "query:a2g" in truth[3])
    (tmp_path / gone).unlink()
    put(tmp_path / LISTS["w2a"], b"test\\P0313T02220A0C2F91.jpg\n.\\gallery\\nothing.jpg\n")
    _, problems = read("ag-reid-v2", tmp_path)
    told = {p.where: p.what for p in problems}
    assert told["exp1_aerial_to_cctv.txt, line 1"] == f"{gone} does not exist"
    assert "start with query/" in told["exp5_wearable_to_aerial.txt, line 1"]
    assert told["exp5_wearable_to_aerial.txt, line 2"] == "gallery/nothing.jpg does not exist"


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_the_partition_of_prai_is_read_from_any_pickle_protocol(protocol: int, tmp_path: Path) -> None:
    truth = build("prai-1581", "as published", tmp_path)
    partitions(tmp_path, protocol)
    rows, _ = read("prai-1581", tmp_path)
    assert {row.path: row.roles for row in rows} == {path: t[3] for path, t in truth.items()}


def test_a_partition_that_would_run_code_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path(tmp_path / "ran").touch, ())  # type: ignore[return-value]

    build("prai-1581", "as published", tmp_path)
    (tmp_path / "partitions.pkl").write_bytes(pickle.dumps({"trainval_im_names": Evil()}))
    with pytest.raises(InputError, match="not plain data"):
        read("prai-1581", tmp_path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("data", [b"", b"hello", pickle.dumps([1, 2]), pickle.dumps({"test_marks": [0]})])
def test_a_partition_of_another_shape_is_one_sentence(data: bytes, tmp_path: Path) -> None:
    build("prai-1581", "as published", tmp_path)
    (tmp_path / "partitions.pkl").write_bytes(data)
    with pytest.raises(InputError, match=r"partitions\.pkl"):
        read("prai-1581", tmp_path)


def test_a_listed_image_of_prai_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    build("prai-1581", "as published", tmp_path)
    gone = next(iter(PRAI))
    (tmp_path / gone).unlink()
    _, problems = read("prai-1581", tmp_path)
    assert [str(p) for p in problems] == [f"partitions.pkl: {gone} is listed but does not exist"]


def test_counts_tell_people_distractors_and_junk_apart(tmp_path: Path) -> None:
    build("market-1501", "official", tmp_path)
    rows, _ = read("market-1501", tmp_path)
    source = dataset("market-1501")
    found = {f.subset: f for f in compare(source, source.layouts[0], rows)}
    assert (found["gallery"].images, found["gallery"].identities) == (7, 2)
    assert (found["gallery, people"].images, found["gallery, people"].identities) == (4, 2)
    assert found["gallery, distractors (0000)"].images == 2
    assert found["gallery, junk (-1)"].images == 1
    assert not found["gallery"].expected


def test_any_published_reading_is_accepted() -> None:
    source = dataset("ag-reid")
    subsets = {s.role: s for s in source.layouts[0].subsets}
    rows = [Row(str(n), n % 185, 3, "cctv", ("gallery:a2g",)) for n in range(3_225)]
    found = {f.subset: f for f in compare(source, source.layouts[0], rows)}[subsets["gallery:a2g"].name]
    assert found.expected
    assert [found.agrees(reading) for reading in found.readings] == [False, True, False]


def test_the_file_beside_the_folder_is_found_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real" / "images").mkdir(parents=True)
    put(tmp_path / "real" / "a.mat")
    (tmp_path / "link").symlink_to(tmp_path / "real" / "images")
    assert find_file(tmp_path / "link", ("a.mat",)) == tmp_path / "real" / "a.mat"
    assert find_file(tmp_path / "link", ("b.mat",)) is None


def test_a_file_where_a_folder_should_be_is_one_sentence(tmp_path: Path) -> None:
    build("market-1501", "official", tmp_path)
    (tmp_path / "query").rename(tmp_path / "elsewhere")
    put(tmp_path / "query")
    with pytest.raises(InputError, match="cannot read the folder"):
        read("market-1501", tmp_path)


def test_a_link_that_leads_in_a_circle_is_passed_over(tmp_path: Path) -> None:
    truth = build("market-1501", "official", tmp_path)
    (tmp_path / "query" / "again").symlink_to(tmp_path / "query")
    rows, problems = read("market-1501", tmp_path)
    assert problems == []
    assert len(rows) == len(truth)
