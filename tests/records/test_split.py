"""A split's rows belong together: test rows have a direction."""

from __future__ import annotations

import pyarrow as pa
import pytest

from agreid_cli.errors import InputError
from agreid_cli.records.split import SPLIT


def test_train_rows_need_no_direction_and_test_rows_do() -> None:
    train = pa.table({"crop_id": ["a"], "role": ["train"]})
    assert SPLIT.conform(train, "s")["direction"].to_pylist() == [None]
    tested = pa.table({"crop_id": ["a", "b", "c"], "role": ["train", "query", "gallery"]})
    with pytest.raises(InputError) as caught:
        SPLIT.conform(tested, "s")
    assert [p.where for p in caught.value.problems] == ["crop b", "crop c"]
