"""The invariants of a split are checked when the file is read, whoever wrote it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.errors import InputError
from agreid_cli.records.directions import DIRECTIONS
from agreid_cli.records.split import SPLIT, SPLIT_SCHEMA, check_people, check_split, read_split
from tests.support.tables import sightings_table

CROPS = sightings_table((1, "uav0", 2), (1, "cctv3", 2), (2, "uav0", 1), (2, "cctv3", 2), (-1, "cctv3", 1))


def split(*rows: tuple[str, str, str | None]) -> pa.Table:
    return pa.Table.from_pylist(
        [dict(zip(SPLIT_SCHEMA.names, row, strict=True)) for row in rows], schema=SPLIT_SCHEMA
    )


GOOD = (("p1-uav0-0", "train", None), ("p2-uav0-0", "query", "a2g"), ("p2-cctv3-0", "gallery", "a2g"))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("p1-cctv3-0", "gallery", "a2g"), "pid 1: is in train (p1-uav0-0) and in test (p1-cctv3-0)"),
        (("p2-cctv3-1", "train", None), "pid 2: is in train (p2-cctv3-1) and in test (p2-uav0-0)"),
        (("p2-cctv3-1", "query", "a2g"), "is a cctv crop and a query of a2g, which takes uav"),
        (("p2-uav0-0", "gallery", "g2g"), "is a uav crop and a gallery of g2g, which takes cctv"),
        (("nobody", "query", "all"), "crop nobody: query, is not in the manifest"),
        (("p2-cctv3-1", "query", None), "crop p2-cctv3-1: is a query without a direction"),
        (("p2-uav0-0", "gallery", "a2g"), "crop p2-uav0-0: occurs twice in direction a2g"),
        (("p1-uav0-0", "query", "a2a"), "crop p1-uav0-0: is in train and in test"),
    ],
)
def test_a_split_written_by_hand_is_checked_when_it_is_read(
    tmp_path: Path, row: tuple[str, str, str | None], said: str
) -> None:
    pq.write_table(split(*GOOD), tmp_path / "s.parquet")
    assert read_split(tmp_path / "s.parquet", CROPS).num_rows == len(GOOD)
    pq.write_table(split(*GOOD, row), tmp_path / "s.parquet")
    with pytest.raises(InputError) as caught:
        read_split(tmp_path / "s.parquet", CROPS)
    assert said in "\n".join(map(str, caught.value.problems))


def test_train_rows_need_no_direction_and_test_rows_do() -> None:
    train = pa.table({"crop_id": ["a"], "role": ["train"]})
    assert SPLIT.conform(train, "s")["direction"].to_pylist() == [None]
    tested = pa.table({"crop_id": ["a", "b", "c"], "role": ["train", "query", "gallery"]})
    with pytest.raises(InputError) as caught:
        SPLIT.conform(tested, "s")
    assert [p.where for p in caught.value.problems] == ["crop b", "crop c"]


def test_junk_is_nobody_and_a_published_role_is_kept() -> None:
    junk = ("p-1-cctv3-0", "train", None), ("p2-uav0-0", "query", "all")
    assert check_people(split(*junk), CROPS) == []
    slip = ("p1-uav0-0", "gallery", "a2g")
    published = CROPS.append_column(
        "published",
        pa.array(["gallery:a2g" if c == "p1-uav0-0" else "" for c in CROPS["crop_id"].to_pylist()]),
    )
    assert check_people(split(slip), published) == []
    assert len(check_people(split(slip), CROPS)) == 1


def test_without_a_manifest_only_what_is_known_is_checked() -> None:
    assert check_people(split(*GOOD, ("nobody", "train", None)), CROPS, complete=False) == []


ROLE = st.sampled_from(["train", "query", "gallery", "unused"])
PLAYED = st.tuples(st.sampled_from(CROPS["crop_id"].to_pylist()), ROLE, st.sampled_from(list(DIRECTIONS)))


@settings(max_examples=60, deadline=None)
@given(st.lists(PLAYED, max_size=8))
def test_what_passes_holds(rows: list[tuple[str, str, str]]) -> None:
    table = split(*((crop, role, None if role == "train" else way) for crop, role, way in rows))
    found = [*check_split(table), *check_people(table, CROPS)]
    pid: dict[str, Any] = dict(zip(CROPS["crop_id"].to_pylist(), CROPS["pid"].to_pylist(), strict=True))
    train = {pid[crop] for crop, role, _ in rows if role == "train"} - {-1}
    tested = {pid[crop] for crop, role, _ in rows if role in ("query", "gallery")} - {-1}
    told = {str(problem.where) for problem in found}
    assert {f"pid {one}" for one in train & tested} <= told
    if not found:
        assert not train & tested
