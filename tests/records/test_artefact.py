from __future__ import annotations

import errno
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agreid_cli.errors import AgreidError, InputError, MissingError
from agreid_cli.records.artefact import SCHEMA_KEY, Artefact, metadata
from agreid_cli.records.files import write_text, writing

SCHEMA = pa.schema([pa.field("a", pa.int32(), nullable=False), pa.field("b", pa.string())])


def counted_in_tens(table: pa.Table) -> pa.Table:
    """Version 1 held `tens`; version 2 holds `a`."""
    ones = pa.array([10 * value for value in table["tens"].to_pylist()], pa.int32())
    return table.drop_columns(["tens"]).append_column("a", ones)


UPGRADES = {1: counted_in_tens}
THING = Artefact("thing", 2, SCHEMA, "agreid make-thing", upgrades=UPGRADES)


def table(**columns: object) -> pa.Table:
    return pa.table({"a": [1, 2], "b": ["x", None], **columns})


def test_equal_tables_give_equal_bytes_whatever_their_chunks(tmp_path: Path) -> None:
    THING.write(table(), tmp_path / "1", {"k": "v"})
    THING.write(pa.concat_tables([table().slice(0, 1), table().slice(1)]), tmp_path / "2", {"k": "v"})
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    back = THING.read(tmp_path / "1")
    assert metadata(back)["k"] == "v"
    assert back.column_names == ["a", "b"]


def test_extra_columns_of_the_user_are_kept(tmp_path: Path) -> None:
    THING.write(table(note=["p", "q"]), tmp_path / "t")
    assert THING.read(tmp_path / "t")["note"].to_pylist() == ["p", "q"]


@pytest.mark.parametrize("rows", [[[1, 2], None, [3, 4], None], [None, None], [[1, 2]], []])
def test_fixed_size_lists_keep_their_empty_rows(tmp_path: Path, rows: list[list[int] | None]) -> None:
    pair = pa.list_(pa.uint8(), 2)
    pairs = Artefact("pairs", 1, pa.schema([pa.field("bits", pair)]), "agreid make-pairs")
    pairs.write(pa.table({"bits": pa.array(rows, pair)}), tmp_path / "t")
    back = pairs.read(tmp_path / "t")
    assert back["bits"].type == pair
    assert back["bits"].to_pylist() == rows


def test_all_column_problems_are_listed_at_once() -> None:
    wide = pa.schema([*SCHEMA, pa.field("c", pa.int32(), nullable=False)])
    with pytest.raises(InputError) as caught:
        Artefact("thing", 1, wide, "x").conform(pa.table({"a": ["x", "y"]}), "t")
    text = str(caught.value)
    assert "column a: is not int32" in text
    assert "column c: missing" in text


@pytest.mark.parametrize("rows", [[1, 2], []])
def test_a_missing_nullable_column_reads_as_nulls(tmp_path: Path, rows: list[int]) -> None:
    old = Artefact("thing", 1, SCHEMA.remove(1), "x")
    old.write(pa.table({"a": pa.array(rows, pa.int32())}), tmp_path / "t", {"k": "v"})
    pair = pa.field("pair", pa.list_(pa.uint8(), 2))
    grown = Artefact("thing", 1, SCHEMA.append(pair), "x")
    back = grown.read(tmp_path / "t")
    assert back.to_pydict() == {"a": rows, "b": [None] * len(rows), "pair": [None] * len(rows)}
    assert back.schema.remove_metadata() == grown.schema
    assert metadata(back)["k"] == "v"
    grown.write(back, tmp_path / "again")
    assert grown.read(tmp_path / "again").to_pydict() == back.to_pydict()


def test_another_spelling_of_a_missing_column_is_not_taken_for_nulls() -> None:
    with pytest.raises(InputError, match=r"column b: .*rename 'B_'"):
        THING.conform(pa.table({"a": [1], "B_": ["x"]}), "t")


def test_a_table_of_an_older_version_is_upgraded(tmp_path: Path) -> None:
    first = pa.schema([pa.field("tens", pa.int32(), nullable=False)])
    Artefact("thing", 1, first, "x").write(pa.table({"tens": [1, 2]}), tmp_path / "t", {"k": "v"})
    before = (tmp_path / "t").read_bytes()
    back = THING.read(tmp_path / "t")
    assert back.to_pydict() == {"a": [10, 20], "b": [None, None]}
    assert metadata(back)["k"] == "v"
    assert (tmp_path / "t").read_bytes() == before, "reading changes no file"


def test_every_version_has_its_upgrade() -> None:
    with pytest.raises(AssertionError, match="upgrade"):
        Artefact("thing", 2, SCHEMA, "x")


def test_empty_values_in_a_required_column_are_refused() -> None:
    with pytest.raises(InputError, match="1 empty"):
        THING.conform(pa.table({"a": [1, None], "b": ["", ""]}), "t")


def test_missing_file_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="agreid make-thing"):
        THING.read(tmp_path / "nothing")


def test_newer_schema_and_other_kinds_are_refused(tmp_path: Path) -> None:
    Artefact("thing", 3, SCHEMA, "x", upgrades={**UPGRADES, 2: lambda t: t}).write(table(), tmp_path / "new")
    Artefact("other", 1, SCHEMA, "x").write(table(), tmp_path / "other")
    with pytest.raises(InputError, match="Upgrade agreid"):
        THING.read(tmp_path / "new")
    with pytest.raises(InputError, match="not a thing table"):
        THING.read(tmp_path / "other")


def test_text_that_is_not_parquet_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("hello")
    with pytest.raises(InputError, match="Parquet"):
        THING.read(tmp_path / "t")


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    write_text(tmp_path / "f", "old")
    with pytest.raises(RuntimeError), writing(tmp_path / "f") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert (tmp_path / "f").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_a_full_disk_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(AgreidError, match="disk is full"), writing(tmp_path / "f"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mark", [b"\xf7\xff/1", b"thing/\xb2", b"thing/", b"thing/9", b"thing/0"])
def test_a_damaged_mark_is_an_error_in_words(mark: bytes, tmp_path: Path) -> None:
    path = tmp_path / "thing.parquet"
    pq.write_table(table().cast(SCHEMA).replace_schema_metadata({SCHEMA_KEY: mark}), path)
    with pytest.raises(InputError, match=r"thing\.parquet"):
        THING.read(path)
