from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agreid_cli.attributes.official import official_codebook
from agreid_cli.errors import InputError, MissingError
from agreid_cli.records.manifest import (
    CODEBOOK_KEY,
    OFFICIAL_SIZES,
    attribute_matrix,
    codebook_of,
    manifest_artefact,
    read_manifest,
)
from tests.support.tables import manifest_table, write_manifest


def test_the_official_sizes_are_those_of_the_codebook() -> None:
    assert official_codebook().sizes == OFFICIAL_SIZES


def test_a_manifest_with_groups_left_out_is_read_by_its_own_codebook(tmp_path: Path) -> None:
    book = official_codebook().excluding(["age", "upper"])
    table = manifest_table(2, group_sizes=book.sizes)
    manifest_artefact(book.sizes).write(table, tmp_path / "m.parquet", {CODEBOOK_KEY: book.to_json()})
    back = read_manifest(tmp_path / "m.parquet")
    assert attribute_matrix(back).shape == (table.num_rows, 88 - 4 - 13)
    assert codebook_of(back)["groups"][0]["name"] == "gender"  # type: ignore[index]


def test_a_manifest_of_another_program_has_the_official_bits(tmp_path: Path) -> None:
    table = manifest_table(1, attributes=False)
    manifest_artefact(OFFICIAL_SIZES).write(table, tmp_path / "m.parquet")
    back = read_manifest(tmp_path / "m.parquet")
    assert codebook_of(back) == {}
    assert not attribute_matrix(back).any()


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    with pytest.raises(MissingError, match="agreid build-manifest"):
        read_manifest(path)
    path.write_text("hello")
    with pytest.raises(InputError, match="Parquet"):
        read_manifest(path)
    manifest_artefact(OFFICIAL_SIZES).write(manifest_table(1), path, {CODEBOOK_KEY: "{}"})
    with pytest.raises(InputError, match="codebook"):
        read_manifest(path)


def test_two_vectors_of_one_pid_and_two_bits_of_one_group_are_refused(tmp_path: Path) -> None:
    rows = manifest_table(1).to_pylist()
    rows[0]["attr_bits"] = np.roll(rows[0]["attr_bits"], 1).tolist()
    schema = manifest_artefact(OFFICIAL_SIZES).schema
    with pytest.raises(InputError) as caught:
        manifest_artefact(OFFICIAL_SIZES).write(pa.Table.from_pylist(rows, schema=schema), tmp_path / "m")
    assert "do not have exactly one bit" in str(caught.value)
    assert "more than one attribute vector" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_helper_writes_what_this_reads(tmp_path: Path) -> None:
    assert read_manifest(write_manifest(tmp_path, 1).manifest).num_rows == manifest_table(1).num_rows


def test_an_older_manifest_without_newer_nullable_columns_is_read(tmp_path: Path) -> None:
    table = manifest_table(1)
    newer = ["sharpness", "in_frame", "pixelated", "altitude", "attr_known"]
    marks = {b"agreid.schema": b"manifest/1"}
    pq.write_table(table.drop_columns(newer).replace_schema_metadata(marks), tmp_path / "m.parquet")
    back = read_manifest(tmp_path / "m.parquet")
    assert back.column_names == table.column_names
    for name in table.column_names:
        wanted = [None] * len(table) if name in newer else table[name].to_pylist()
        assert back[name].to_pylist() == wanted
    with pytest.raises(InputError, match="column camid: missing"):
        pq.write_table(table.drop_columns(["camid"]), tmp_path / "m.parquet")
        read_manifest(tmp_path / "m.parquet")


def hand_made(name: str, row: int, value: object) -> pa.Table:
    """A valid manifest with one cell changed, as another program may have written it."""
    table = manifest_table(3)
    cells = table[name].to_pylist()
    cells[row] = value
    kind = table[name].type
    kind = pa.list_(kind.value_type) if pa.types.is_fixed_size_list(kind) else kind
    return table.set_column(table.column_names.index(name), name, pa.array(cells, kind))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("crop_id", "", "its crop_id is empty"),
        ("path", "", "its path is empty"),
        ("path", "a\0b.jpg", "its path contains a NUL byte"),
        ("path", "crops/images/", "its path is a folder"),
        ("path", "..", "its path is a folder"),
        ("platform", "plane", "'plane' is not one of"),
        ("x1", None, "its box has only some of x1, y1, x2, y2"),
        ("x1", float("nan"), "its box contains NaN or infinity"),
        ("x2", float("inf"), "its box contains NaN or infinity"),
        ("x1", -5.0, "its box exceeds the frame"),
        ("width", 0, "width is not positive"),
        ("frame", -1, "its frame is below 0"),
        ("pid", -2, "pid -2 is below -1"),
        ("attr_bits", [1] * 88, "do not have exactly one bit"),
        ("attr_bits", [2, 255, *[0] * 86], "do not have exactly one bit"),
        ("attr_bits", None, "has attr_known and no attr_bits"),
    ],
)
def test_a_manifest_that_another_program_wrote_is_checked_when_it_is_read(
    tmp_path: Path, name: str, value: object, said: str
) -> None:
    pq.write_table(hand_made(name, 2, value), tmp_path / "m.parquet")
    with pytest.raises(InputError) as caught:
        read_manifest(tmp_path / "m.parquet")
    assert said in str(caught.value)


def test_of_many_faults_the_first_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    table = manifest_table(3, n_pids=40)
    pids = pa.array([-7] * table.num_rows)
    pq.write_table(table.set_column(table.column_names.index("pid"), "pid", pids), tmp_path / "m.parquet")
    with pytest.raises(InputError) as caught:
        read_manifest(tmp_path / "m.parquet")
    assert len(caught.value.problems) == 21
    assert "more: " in str(caught.value.problems[-1])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("width", 0, "width is not positive"),
        ("crop_id", "a", "occurs more than once"),
        ("attr_bits", [1] * 88, "do not have exactly one bit"),
    ],
)
def test_faults_beyond_the_twentieth_are_counted_whatever_they_are(
    tmp_path: Path, name: str, value: object, said: str
) -> None:
    table = manifest_table(3, n_pids=40)
    assert table.num_rows >= 60
    cells = [value] * table.num_rows
    if name == "crop_id":
        cells = [f"{value}{row // 2}" for row in range(table.num_rows)]
    kind = table[name].type
    kind = pa.list_(kind.value_type) if pa.types.is_fixed_size_list(kind) else kind
    bad = table.set_column(table.column_names.index(name), name, pa.array(cells, kind))
    pq.write_table(bad, tmp_path / "m.parquet")
    with pytest.raises(InputError) as caught:
        read_manifest(tmp_path / "m.parquet")
    faults = len(set(cells)) if name == "crop_id" else table.num_rows
    assert said in str(caught.value.problems[0])
    assert f"{faults - 20} more: " in str(caught.value.problems[-1])
