"""For random tables: used columns + columns named as not used = all columns of the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.attributes.attributes_csv import HELPERS, read_attributes
from agreid_cli.attributes.csv_table import column_key
from agreid_cli.attributes.identities_csv import HELPERS as TRACK_HELPERS
from agreid_cli.attributes.identities_csv import read_identities
from agreid_cli.errors import Problems
from tests.attributes.people import BOOK

STRANGE = st.lists(
    st.text(st.characters(codec="ascii", categories=("Lu", "Ll", "Nd")), min_size=4, max_size=9).map(
        "x{}".format
    ),
    unique_by=column_key,
    max_size=5,
)


def written(path: Path, columns: list[str], cells: dict[str, str], separator: str) -> Path:
    row = separator.join(cells.get(name, "1") for name in columns)
    path.write_text(f"{separator.join(columns)}\n{row}\n", encoding="utf-8")
    return path


def named(notes: list[str]) -> set[str]:
    words = [note.partition("columns not used: ")[2] for note in notes if "columns not used: " in note]
    return {name for word in words for name in word.split(", ")}


@settings(max_examples=40, deadline=None)
@given(st.data(), STRANGE, st.sampled_from(",;|\t"))
def test_every_column_is_used_or_named(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, strange: list[str], separator: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "columns.csv"
    known = ["video_id", "track_id", "pid", *data.draw(st.lists(st.sampled_from(TRACK_HELPERS), unique=True))]
    columns = data.draw(st.permutations([*known, *strange]))
    problems = Problems()
    who = read_identities(
        written(path, columns, {"video_id": "v", "track_id": "1"}, separator), {("v", 1)}, problems
    )
    assert not problems.n
    assert who.pid(("v", 1), 0) == 1
    assert named(who.notes) == set(strange)
    pid = data.draw(st.sampled_from(["pid", "id", "Person ID"]))
    feet = data.draw(st.sampled_from(["feet", "Footwear", "shoes"]))
    groups = [feet if name == "feet" else name for name in BOOK.names]
    columns = data.draw(st.permutations([pid, *groups, *HELPERS, *strange]))
    what = read_attributes(written(path, columns, {}, separator), BOOK, problems)
    assert not problems.n
    assert what.labels[1]["feet"]
    assert named(what.notes) == set(strange)


def test_a_column_without_a_name_is_named_by_its_place(tmp_path: Path) -> None:
    file = tmp_path / "i.csv"
    file.write_text(",video_id,track_id,pid\n0,v,1,5\n1,v,2,6\n")
    problems = Problems()
    who = read_identities(file, {("v", 1), ("v", 2)}, problems)
    assert (problems.n, who.pid(("v", 2), 0)) == (0, 6)
    assert who.notes == ["i.csv: columns not used: column 1 (no name)"]
