"""Reading MOTChallenge text: ignored boxes, file locations, and all problems at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreid_cli.datasets.mot_text import read_tracks, read_truth, sequences
from agreid_cli.errors import SHOWN, InputError, Problems


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_boxes_ids_and_what_counts(tmp_path: Path) -> None:
    file = write(
        tmp_path / "v.txt",
        "1,4,10,20,5,8,1,1,1\n"
        "1,5,10,20,5,8,0,1,1\n"  # flag 0: to be ignored
        "1,6,10,20,5,8,1,3,1\n"  # a car
        "2,4,10.5,20,5,8,1,1,0.49\n\n"  # hidden
        "2,5,10,20,5,8,1,1,0.5\n",
    )
    problems = Problems()
    truth = read_truth(file, problems)
    assert problems.found == []
    assert truth.frame.tolist() == [1, 1, 1, 2, 2]
    assert truth.track.tolist() == [4, 5, 6, 4, 5]
    assert truth.box[3].tolist() == [10.5, 20, 15.5, 28]
    assert truth.counts.tolist() == [True, False, False, False, True]
    wider = read_truth(file, problems, classes=(1, 3), min_visible=0)
    assert wider.counts.tolist() == [True, False, True, True, True]
    assert read_tracks(file, problems).counts.all(), "a tracker's flags are scores"


def test_fewer_columns_and_blanks_and_crlf(tmp_path: Path) -> None:
    problems = Problems()
    short = read_truth(write(tmp_path / "a.txt", "1, 1, 0, 0, 5, 5\r\n2 1 0 0 5 5\r\n"), problems)
    assert short.counts.tolist() == [True, True]
    mixed = read_truth(write(tmp_path / "b.txt", "1,1,0,0,5,5,1,-1,-1,-1\n"), problems, min_visible=0)
    assert len(mixed) == 1
    assert len(read_tracks(write(tmp_path / "c.txt", ""), problems)) == 0
    assert problems.found == []


def test_all_that_is_wrong_with_its_line(tmp_path: Path) -> None:
    file = write(
        tmp_path / "bad.txt",
        "1,1,0,0,5,5\n1,1,9,9,5,5\n0,1,0,0,5,5\n1.5,1,0,0,5,5\n1,-1,0,0,5,5\n1,2,0,0,0,5\n"
        "1,2,x,0,5,5\n1,2,nan,0,5,5\n1,2\n",
    )
    problems = Problems()
    read_tracks(file, problems)
    said = [(p.where.rpartition(" ")[2], p.what) for p in problems.found]
    assert [line for line, _ in said] == list("23456789")
    for (_, what), part in zip(
        said,
        ("id 1 is already in frame 1, at line 1", "from 1 (got 0)", "got 1.5", "got -1", "0 × 5",
         "column 3: 'x' is not a number", "not finite", "has 2 columns"),
        strict=True,
    ):  # fmt: skip
        assert part in what
    read_tracks(write(tmp_path / "long.txt", "a\n" * (SHOWN + 5)), many := Problems())
    assert many.n == SHOWN + 5
    assert str(many.all()[-1]).startswith("and 5 more: has … columns")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    read_tracks(tmp_path / "binary.txt", none := Problems())
    assert "is not text" in none.found[0].what


def test_files_and_folders_by_name(tmp_path: Path) -> None:
    flat = write(tmp_path / "flat" / "a.txt", "")
    write(tmp_path / "flat" / "b.txt", "")
    deep = write(tmp_path / "deep" / "MOT17-02" / "gt" / "gt.txt", "")
    assert sequences(flat) == {"a": flat}
    assert list(sequences(tmp_path / "flat")) == ["a", "b"]
    assert sequences(tmp_path / "deep") == {"MOT17-02": deep}
    assert sequences(tmp_path / "deep" / "MOT17-02") == {"MOT17-02": deep}
    assert sequences(deep) == {"MOT17-02": deep}
    with pytest.raises(InputError, match="does not exist"):
        sequences(tmp_path / "nowhere")
    with pytest.raises(InputError, match="contains no tracks"):
        sequences(tmp_path)
