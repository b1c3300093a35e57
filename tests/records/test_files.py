"""Tables for spreadsheets are written in one format."""

from __future__ import annotations

import csv
from pathlib import Path

from agreid_cli.records.files import write_csv


def test_csv_rows_come_back_as_they_were(tmp_path: Path) -> None:
    rows = [["pid", "note"], [7, 'a "b", c'], [8, None], [9, "ä\nb"]]
    write_csv(tmp_path / "t.csv", rows)
    assert (tmp_path / "t.csv").read_bytes().startswith(b'pid,note\n7,"a ""b"", c"\n8,\n')
    with open(tmp_path / "t.csv", encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [[str("" if c is None else c) for c in row] for row in rows]
