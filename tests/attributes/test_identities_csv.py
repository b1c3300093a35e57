from __future__ import annotations

from pathlib import Path

import pytest

from agreid_cli.attributes.identities_csv import FIRST, LAST, Span, Track, read_identities
from agreid_cli.errors import Problems
from tests.support.labels import pid_of_track

TRACKS = {("uav-1", 1), ("uav-1", 2), ("uav-1", 3), ("cctv", 1), ("cctv", 7)}


def read(path: Path, text: str) -> tuple[dict[Track, int | None], list[str]]:
    path.write_text(text, encoding="utf-8")
    problems = Problems()
    found = pid_of_track(read_identities(path, TRACKS, problems))
    return found, [str(problem) for problem in problems.found]


def test_identities_junk_and_blank(tmp_path: Path) -> None:
    text = "note,track_id,Video_ID,PID\n,1,uav-1,5\n,2,uav-1,-1\n,3.0,uav-1,\nx,7,cctv,9223372036854775807\n"
    assert read(tmp_path / "i.csv", text) == (
        {("uav-1", 1): 5, ("uav-1", 2): -1, ("uav-1", 3): None, ("cctv", 7): 2**63 - 1},
        [],
    )


def test_official_parts_are_joined_with_the_zeros_that_spreadsheets_take(tmp_path: Path) -> None:
    text = "video_id,track_id,A,T,P\nuav-1,1,0,2140,6\nuav-1,2,A2,T04041,P0001\nuav-1,3,,,\ncctv,1,,,-1\n"
    assert read(tmp_path / "i.csv", text) == (
        {("uav-1", 1): 6021400, ("uav-1", 2): 1040412, ("uav-1", 3): None, ("cctv", 1): -1},
        [],
    )


def test_an_official_name_in_the_pid_column(tmp_path: Path) -> None:
    text = (
        "video_id,track_id,pid,P,T,A\nuav-1,1,P0006T02140A0,,,\nuav-1,2,6021400,6,2140,0\ncctv,1,5,6,2140,0\n"
    )
    found, problems = read(tmp_path / "i.csv", text)
    assert found[("uav-1", 1)] == found[("uav-1", 2)] == 6021400
    assert problems == ["i.csv, line 4, column pid: 5 differs from P, T and A, which give 6021400"]


def test_every_bad_row_is_told_at_once_with_line_column_and_the_nearest(tmp_path: Path) -> None:
    rows = [
        "uav-1,1,5",
        "uav-1,1,5",  # twice
        "uav1,1,5",  # no such video
        "uav-1,44,5",  # no such track
        "uav-1,one,5",
        "uav-1,2,5.5",
        "uav-1,3,6.02E+09",
        "cctv,1,-2",
        "cctv,7,9223372036854775808",
        "cctv",
        "cctv,7,x y",
    ]
    found, problems = read(tmp_path / "i.csv", "\n".join(["video_id,track_id,pid", *rows]))
    assert found[("uav-1", 1)] == 5
    assert [problem.split(":")[0] for problem in problems] == [
        "i.csv, line 3, column track_id",
        "i.csv, line 4, column video_id",
        "i.csv, line 5, column track_id",
        "i.csv, line 6, column track_id",
        "i.csv, line 7, column pid",
        "i.csv, line 8, column pid",
        "i.csv, line 9, column pid",
        "i.csv, line 10, column pid",
        "i.csv, line 11",
        "i.csv, line 12, column pid",
        "i.csv, line 12, column track_id",
    ]
    text = "\n".join(problems)
    for said in (
        "is already in line 2",
        "did you mean 'uav-1'?",
        "uav-1 has no track 44; it has 1 to 3",
        "'one' is not a track number",
        "'5.5' is not an integer",
        "rounded by a spreadsheet",
        "did you mean -1",
        "does not fit 64 bits",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("cells", "column", "said"),
    [
        ("6,,0", "T", "five digits"),
        ("x,04041,0", "P", "'x' is not a person number"),
        ("6,104041,0", "T", "'104041' is not a session"),
        ("6,04041,12", "A", "'12' is not an altitude class"),
        (f"{10**12},04041,0", "P", "not a person number"),
    ],
)
def test_wrong_parts(tmp_path: Path, cells: str, column: str, said: str) -> None:
    _, problems = read(tmp_path / "i.csv", f"video_id,track_id,P,T,A\nuav-1,1,{cells}\n")
    assert len(problems) == 1
    assert problems[0].startswith(f"i.csv, line 2, column {column}:")
    assert said in problems[0]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("video_id,track_id", ["column pid: missing"]),
        (
            "vidio_id,track,pid",
            [
                "column video_id: missing; did you mean 'vidio_id'?",
                "column track_id: missing",
                "line 1: columns not used: vidio_id, track",
            ],
        ),
        ("video_id,track_id,P,A", ["column T: missing"]),
    ],
)
def test_missing_columns(tmp_path: Path, header: str, said: list[str]) -> None:
    found, problems = read(tmp_path / "i.csv", f"{header}\n1,2,3,4\n")
    assert found == {}
    assert len(problems) == len(said)
    assert all(text in problem for text, problem in zip(said, problems, strict=True))


def test_a_divided_track_is_told_by_frames(tmp_path: Path) -> None:
    rows = ["uav-1,1,60,,6", "uav-1,1,,59,5", "uav-1,2,10,20,-1", "uav-1,3,,,7", "cctv,1,0,90,"]
    (tmp_path / "i.csv").write_text("\n".join(["video_id,track_id,frame_from,Frame To,pid", *rows]))
    problems = Problems()
    who = read_identities(tmp_path / "i.csv", TRACKS, problems)
    assert not problems.found
    assert who.spans[("uav-1", 1)] == (Span(FIRST, 59, 5), Span(60, LAST, 6))
    assert [who.pid(("uav-1", 1), frame) for frame in (0, 59, 60, 10**6, None)] == [5, 5, 6, 6, None]
    assert [who.pid(("uav-1", 2), frame) for frame in (9, 10, 20, 21)] == [None, -1, -1, None]
    assert (who.pid(("uav-1", 3), None), who.pid(("cctv", 1), 30), who.pid(("cctv", 7), 0)) == (7, None, None)
    assert pid_of_track(who) == {("uav-1", 3): 7}


def test_frames_that_cannot_be(tmp_path: Path) -> None:
    rows = [
        "uav-1,1,0,60,5",
        "uav-1,1,60,90,6",
        "uav-1,2,9,3,5",
        "uav-1,3,x,,5",
        "cctv,1,-1,3,5",
        "uav-1,1,,,5",
    ]
    found, problems = read(
        tmp_path / "i.csv", "\n".join(["video_id,track_id,frame_from,frame_to,pid", *rows])
    )
    assert found == {}
    assert problems == [
        "i.csv, line 3, column track_id: frames of track 1 of uav-1 are also in line 2",
        "i.csv, line 4, column frame_to: 3 comes before frame_from, 9",
        "i.csv, line 5, column frame_from: 'x' is not a frame number; frames count from 0",
        "i.csv, line 6, column frame_from: '-1' is not a frame number; frames count from 0",
        "i.csv, line 7, column track_id: frames of track 1 of uav-1 are also in line 2",
    ]
