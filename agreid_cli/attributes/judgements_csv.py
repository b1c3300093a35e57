"""`judgements.csv`: pairs of tracks that an annotator has judged to be one person or two.

Columns `video_a`, `track_a`, `video_b`, `track_b` and `same` (1 or 0). If a track is divided, `frame_a`
and `frame_b` give a frame of the part.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from agreid_cli.attributes.csv_table import CsvTable, Row, read_csv
from agreid_cli.attributes.identities_csv import Track
from agreid_cli.errors import Problems
from agreid_cli.records.numbers import whole_number

COLUMNS = ("video_a", "track_a", "frame_a", "video_b", "track_b", "frame_b", "same")
_KEYS = {name.replace("_", ""): name for name in COLUMNS}
_SAYS = {"1": True, "0": False, "yes": True, "no": False, "true": True, "false": False}


@dataclass(frozen=True)
class Judgement:
    """One row: the two tracks, a frame of each (None: the whole track), and the answer."""

    line: int
    a: Track
    frame_a: int | None
    b: Track
    frame_b: int | None
    same: bool


@dataclass(frozen=True)
class Judgements:
    """The rows in order. `notes` are messages for the user."""

    rows: list[Judgement]
    notes: list[str] = field(default_factory=list)


def read_judgements(path: Path, tracks: Collection[Track], problems: Problems) -> Judgements:
    """Read the file; a row that is invalid, or names no track of `tracks`, is added to `problems`."""
    table = read_csv(path, problems)
    before = problems.n
    wanted = {key: name for key, name in _KEYS.items() if not key.startswith("frame")}
    table.missing(wanted, problems)
    if problems.n > before:
        table.tell_unused(_KEYS, problems)
    if problems.n > before or not table.header:
        return Judgements([])
    known, rows = set(tracks), []
    for row in table.good_rows(problems):
        before = problems.n
        (a, frame_a), (b, frame_b) = (_side(table, row, side, known, problems) for side in "ab")
        same = _SAYS.get(row.cells["same"].lower())
        if same is None:
            problems.add(table.where(row.line, "same"), f"'{row.cells['same']}' is not 1 or 0")
        if (a, frame_a) == (b, frame_b):
            problems.add(table.where(row.line), "compares a track with itself")
        if problems.n == before:
            rows.append(Judgement(row.line, a, frame_a, b, frame_b, bool(same)))
    return Judgements(rows, table.unused(set(_KEYS)))


def _side(
    table: CsvTable, row: Row, side: str, known: Collection[Track], problems: Problems
) -> tuple[Track, int | None]:
    video, number = row.cells[f"video{side}"], whole_number(row.cells[f"track{side}"])
    text = row.cells.get(f"frame{side}", "")
    frame = whole_number(text) if text else None
    if text and frame is None:
        problems.add(table.where(row.line, f"frame{side}"), f"'{text}' is not a frame number")
    if number is None or (video, number) not in known:
        problems.add(
            table.where(row.line, f"track{side}"),
            f"the crops have no track {row.cells[f'track{side}']} of video '{video}'",
            kind="the crops have no such track",
        )
        number = -1 if number is None else number
    return (video, number), frame
