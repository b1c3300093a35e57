"""A list of crops, CSV or Parquet, under the column names that people use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.datasets.rows import Remark, Row
from agreid_cli.errors import InputError, Problem
from agreid_cli.stages.run.crop_list import read
from tests.datasets.trees import jpeg, put


def listed(file: Path, **how: Any) -> tuple[list[Row], list[Problem], str]:
    items = list(read(file, **how))
    rows = [i for i in items if isinstance(i, Row)]
    return (
        rows,
        [i for i in items if isinstance(i, Problem)],
        " | ".join(i.text for i in items if isinstance(i, Remark)),
    )


def write(root: Path, text: str, name: str = "crops.csv") -> Path:
    for n in range(4):
        put(root / "images" / f"{n}.jpg", jpeg(8, 16 + n))
    (root / name).write_text(text, encoding="utf-8")
    return root / name


@pytest.mark.parametrize(
    "text",
    [
        "path,pid,camid,platform\nimages/0.jpg,7,0,uav\nimages/1.jpg,7,3,cctv\n",
        "Image Path;Person ID;Camera;View\nimages/0.jpg;7;C0;aerial\nimages\\1.jpg;7.0;cam3;Ground\n",
        "img_path\tidentity\tcam_id\tPLATFORM\n./images/0.jpg\t7\t0\tdrone\nimages/x/../1.jpg\t7\t3\tcctv\n",
        "path,pid,platform\nimages/0.jpg,7,uav\nimages/1.jpg,7,cctv\n",
    ],
)
def test_the_usual_spellings_are_read(text: str, tmp_path: Path) -> None:
    (tmp_path / "images" / "x").mkdir(parents=True)
    rows, problems, said = listed(write(tmp_path, text))
    assert [(r.path, r.pid, r.camid, r.platform) for r in rows] == [
        ("images/0.jpg", 7, 0, "uav"),
        ("images/1.jpg", 7, 3, "cctv"),
    ]
    assert (problems, said) == ([], "")


def test_parquet_is_read_alike_and_keeps_its_crop_ids(tmp_path: Path) -> None:
    write(tmp_path, "")
    table = pa.table({
        "crop_id": ["a", "b"], "pid": [7, 8],
        "path": ["images/0.jpg", str(tmp_path / "images" / "1.jpg")],
        "camid": [0, 3], "platform": ["uav", "cctv"], "split": ["train", "query"], "score": [0.5, 0.25],
    })  # fmt: skip
    pq.write_table(table, tmp_path / "crops.parquet")
    rows, problems, said = listed(tmp_path / "crops.parquet")
    assert [(r.crop_id, r.path, r.pid, r.roles) for r in rows] == [
        ("a", "images/0.jpg", 7, ("train",)),
        ("b", "images/1.jpg", 8, ("query:all",)),
    ]
    assert problems == []
    assert said == "crops.parquet: unused columns: score"


def test_every_bad_row_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    file = write(
        tmp_path,
        "path,pid,camid,platform,split\n"
        "images/0.jpg,1,0,uav,train\n"
        "images/0.jpg,2,0,uav,train\n"
        "images/9.jpg,1,0,uav,train\n"
        "images,1,0,uav,train\n"
        "images/1.jpg,x7,0,uav,train\n"
        "images/1.jpg,1,-4,uav,train\n"
        "images/1.jpg,1,0,uva,train\n"
        "images/1.jpg,1,0,uav,probes\n"
        "images/1.jpg,1,0,cctv,train\n"
        ",1,0,uav,train\n",
    )
    rows, problems, _ = listed(file)
    assert [r.path for r in rows] == ["images/0.jpg"]
    told = {p.where: p.what for p in problems}
    assert list(told) == [f"crops.csv, line {n}" for n in range(3, 12)]
    for line, words in {
        3: "already listed in crops.csv, line 2", 4: "does not exist", 5: "is not a regular file", 6: "x7",
        7: "not a camera number", 8: "did you mean 'uav'", 9: "did you mean 'probe'",
        10: "camera 0 is on cctv here", 11: "has no path",
    }.items():  # fmt: skip
        assert words in told[f"crops.csv, line {line}"], told


def test_names_become_numbers_in_order_and_it_is_said(tmp_path: Path) -> None:
    rows, problems, said = listed(
        write(tmp_path, "path,person,platform\nimages/0.jpg,ben,uav\nimages/1.jpg,anna,uav\n")
    )
    assert [r.pid for r in rows] == [2, 1]
    assert problems == []
    assert "anna = 1, ben = 2" in said


def test_official_identities_are_joined(tmp_path: Path) -> None:
    rows, _, _ = listed(write(tmp_path, "path,pid,platform\nimages/0.jpg,P0006T02140A0,uav\n"))
    assert rows[0].pid == 6021400


def test_a_file_that_is_no_list_says_how_one_looks(tmp_path: Path) -> None:
    for name, text in (("a.csv", "x,y\n1,2\n"), ("b.parquet", "no parquet"), ("c.csv", "")):
        with pytest.raises(InputError) as caught:
            listed(write(tmp_path, text, name))
        assert "path,pid,camid,platform" in caught.value.hint
    with pytest.raises(InputError, match="column platform: is missing"):
        listed(write(tmp_path, "path,pid\nimages/0.jpg,1\n"))
    rows, _, _ = listed(write(tmp_path, "path,pid\nimages/0.jpg,1\n"), platform="cctv")
    assert (rows[0].platform, rows[0].camid) == ("cctv", 3)


def test_to_be_embedded_a_crop_needs_no_more_than_a_path(tmp_path: Path) -> None:
    rows, problems, _ = listed(write(tmp_path, "file\nimages/0.jpg\nimages/1.jpg\n"), known=False)
    assert [(r.pid, r.camid, r.platform) for r in rows] == [(-1, 0, ""), (-1, 0, "")]
    assert problems == []


CELLS = st.sampled_from(
    ["images/0.jpg", "images/1.jpg", "images/9.jpg", "", "7", "-1", "uav", "cctv", "x", "\0"]
)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=12))
@settings(max_examples=40, deadline=None)
def test_every_row_is_used_or_named(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str, str, str]]
) -> None:
    root = tmp_path_factory.mktemp("list")
    write(root, "")
    table = pa.table({
        name: pa.array([row[at] for row in cells], pa.string())
        for at, name in enumerate(("path", "pid", "camid", "platform"))
    })  # fmt: skip
    pq.write_table(table, root / "crops.parquet")
    rows, problems, _ = listed(root / "crops.parquet")
    assert len(rows) + len(problems) == len(cells)
    assert len({row.path for row in rows}) == len(rows)
