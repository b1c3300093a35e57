from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreid_cli.attributes.attributes_csv import read_attributes
from agreid_cli.attributes.csv_table import read_csv
from agreid_cli.attributes.identities_csv import read_identities
from agreid_cli.errors import MissingError, Problems
from tests.attributes.people import BOOK


def read(path: Path, content: bytes | str) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    problems = Problems()
    table = read_csv(path, problems)
    rows = [(row.line, row.cells) for row in table.good_rows(problems)]
    return rows, [str(problem) for problem in problems.found]


WANTED = [(2, {"pid": "1", "videoid": "a"}), (3, {"pid": "2", "videoid": "é"})]


@pytest.mark.parametrize(
    "content",
    [
        "pid,video_id\n1,a\n2,é\n",
        "pid,video_id\n1,a\n2,é",
        "\ufeffpid,video_id\r\n1,a\r\n2,é\r\n",
        "pid;Video ID\n1;a\n2;é\n",
        "PID\tvideo id\r1\ta\r2\té\r",
        '"pid" , "video_id"\n1,"a"\n 2 , é \n'.replace('" , "', '","'),
        "pid,video_id,,\n1,a,,\n2,é\n,,\n",
        "pid|video_id\n1|a\n2|é\n",
        "pid\tvideo_id\r\n1\ta\r\n2\té\r\n".encode("utf-16"),
        b"\xfe\xff" + "pid,video_id\n1,a\n2,é\n".encode("utf-16-be"),
    ],
)
def test_files_of_spreadsheets_and_editors_read_the_same(tmp_path: Path, content: str | bytes) -> None:
    assert read(tmp_path / "t.csv", content) == (WANTED, [])


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', " sep=;;;", "sep=|", "sep=\\t", "sep=,"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_that_a_spreadsheet_writes_for_itself(tmp_path: Path, first: str, end: str) -> None:
    mark = "\t" if first.endswith("\\t") else first.strip('" ')[4]
    lines = [first, f"pid{mark}video_id", f"1{mark}a", f"2{mark}é", ""]
    rows, problems = read(tmp_path / "t.csv", end.join(lines))
    assert (rows, problems) == ([(line + 1, cells) for line, cells in WANTED], [])


def test_a_separator_in_the_header_alone_does_not_win(tmp_path: Path) -> None:
    rows, _ = read(tmp_path / "t.csv", "sep=;\npid;video,id;note\n1;a;x,y,z\n")
    assert rows == [(3, {"pid": "1", "videoid": "a", "note": "x,y,z"})]


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    rows, problems = read(tmp_path / "t.csv", 'pid,note\n\n1,"two\nlines"\n,\n2,x\n3\n4,y,z\n5,y\n')
    assert [line for line, _ in rows] == [3, 6, 9]
    assert problems == [
        "t.csv, line 7: has 1 cell, but the header has 2",
        "t.csv, line 8: has 3 cells, but the header has 2",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", ["t.csv: is empty"]),
        (b"\n \n", ["t.csv: is empty"]),
        (b"\xef\xbb\xbf", ["t.csv: is empty"]),
        (b"\xff\xfep\0i\0d", ["t.csv: begins like UTF-16 and is damaged"]),
        (b"PK\x03\x04\x00\x00", ["t.csv: contains NUL bytes"]),
        (b"pid,n\n1,M\xfc\n2,x\n3,\xff\n", ["t.csv, line 2: byte 4 is not UTF-8", "t.csv, line 4: byte 3"]),
        (b"pid,pid,\n", ["t.csv, line 1, column pid: occurs twice"]),
        (b'pid,"n\n', ["t.csv, line 1: unbalanced quotes"]),
        (b",,\n,\n", ["t.csv: has no header"]),
        (b'pid,n\n1,"x\n2,y\n', ["t.csv, line 2: unbalanced quotes"]),
        (b'pid,n\n1,"x" y\n2,y\n', ["t.csv, line 2: unbalanced quotes"]),
        (b"pid,n\n1," + b"x" * 200_000 + b"\n", ["t.csv, line 2: unbalanced quotes: field larger"]),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(tmp_path: Path, content: bytes, said: list[str]) -> None:
    _, problems = read(tmp_path / "t.csv", content)
    assert len(problems) == len(said)
    for problem, start in zip(problems, said, strict=True):
        assert problem.startswith(start)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="does not exist"):
        read_csv(tmp_path / "t.csv", Problems())
    with pytest.raises(MissingError, match="is not a file"):
        read_csv(tmp_path, Problems())


CELL = st.sampled_from(
    ["", "1", "-1", "uav-1", "male", '"', '""', "é", "a,b", "\r", "\n", ";", "\t", " ", "pid", "x"]
)


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(st.lists(CELL, max_size=6), max_size=6), tail=st.binary(max_size=6))
def test_whatever_the_bytes_there_are_rows_or_reasons(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], tail: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    for head in ("", "video_id,track_id,pid\n", "pid," + ",".join(BOOK.names) + "\n"):
        text = head + "\n".join(",".join(row) for row in rows)
        path.write_bytes(text.encode() + tail)
        problems = Problems()
        who = read_identities(path, {("uav-1", 1)}, problems)
        assert problems.found or who.spans or head.startswith("video_id")
        faults = Problems()
        what = read_attributes(path, BOOK, faults)
        assert all(bits.sum() == 15 for bits in what.bits.values())
        assert faults.found or head.startswith("pid")
