"""Rows of the crops table are created by one function."""

from __future__ import annotations

import pyarrow as pa
import pytest

from agreid_cli.records.crops import CROPS, CROPS_SCHEMA, crop_row, video_crop_row


def test_a_row_has_every_column_and_null_where_nothing_is_known() -> None:
    row = crop_row("q/1", "../data/q/1.jpg", camid=3, platform="cctv", size=(40, 80), session="06210")
    assert list(row) == CROPS_SCHEMA.names
    assert {name for name, value in row.items() if value is not None} == {
        "crop_id", "path", "camid", "platform", "width", "height", "session",
    }  # fmt: skip
    CROPS.conform(pa.Table.from_pylist([row], CROPS_SCHEMA), "a row")


def test_the_row_of_a_video_s_crop_is_named_and_measured_by_its_box() -> None:
    row = video_crop_row("a-1", 7, 30, (10, 20, 50, 120), camid=0, platform="uav", score=0.5)
    assert (row["crop_id"], row["path"]) == ("a-1_t00007_f000030", "images/a-1/t00007_f000030.jpg")
    assert [row[name] for name in ("x1", "y1", "x2", "y2", "width", "height")] == [10, 20, 50, 120, 40, 100]
    assert (row["video_id"], row["track_id"], row["frame"], row["score"]) == ("a-1", 7, 30, 0.5)


def test_a_column_that_the_schema_lacks_is_refused() -> None:
    with pytest.raises(TypeError, match="no column weather"):
        crop_row("a", "a.jpg", camid=0, platform="uav", size=(1, 1), weather="rain")
