"""`identities.csv`: who each track is.

Columns `video_id`, `track_id` and `pid` (or P, T, A). -1 is junk, that is, not a person; a blank pid is not
annotated yet. Further columns are for the eye.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from agreid_cli.attributes.csv_table import CsvTable, read_csv
from agreid_cli.attributes.pids import pid_of, require_pid, whole_number
from agreid_cli.errors import Problems, did_you_mean

Track = tuple[str, int]


@dataclass(frozen=True)
class Identities:
    """The pid of each track that stands in the file; None where it is not annotated yet."""

    pid_of_track: dict[Track, int | None]


def read_identities(path: Path, tracks: Collection[Track], problems: Problems) -> Identities:
    """Read the file; every row that is wrong, or names no track of `tracks`, is added to `problems`."""
    before = len(problems.found)
    table = read_csv(path, problems)
    if not table.header:
        return Identities({})
    table.missing({"videoid": "video_id", "trackid": "track_id"}, problems)
    require_pid(table, problems)
    if len(problems.found) > before:
        return Identities({})
    of_video: dict[str, set[int]] = defaultdict(set)
    for video, number in tracks:
        of_video[video].add(number)
    first_line: dict[Track, int] = {}
    pids: dict[Track, int | None] = {}
    for row in table.good_rows(problems):
        pid = pid_of(table, row, problems)
        track = _track(table, row.line, row.cells["videoid"], row.cells["trackid"], of_video, problems)
        if track is None:
            continue
        if track in first_line:
            what = f"track {track[1]} of {track[0]} stands in line {first_line[track]} already"
            problems.add(table.where(row.line, "trackid"), what)
            continue
        first_line[track] = row.line
        pids[track] = pid
    return Identities(pids)


def _track(
    table: CsvTable,
    line: int,
    video: str,
    text: str,
    of_video: Mapping[str, set[int]],
    problems: Problems,
) -> Track | None:
    number = whole_number(text)
    if number is None:
        problems.add(table.where(line, "trackid"), f"'{text}' is no track number")
    if video not in of_video:
        near = did_you_mean(video, sorted(of_video))
        problems.add(table.where(line, "videoid"), f"the crops have no video '{video}'{near}")
        return None
    if number is None:
        return None
    if number not in of_video[video]:
        has = _ranges(sorted(of_video[video]))
        problems.add(table.where(line, "trackid"), f"{video} has no track {number}; it has {has}")
        return None
    return video, number


def _ranges(numbers: list[int], limit: int = 6) -> str:
    """Ascending numbers in words that stay short.

    >>> _ranges([1, 2, 3, 7, 9, 10])
    '1 to 3, 7, 9 to 10'
    """
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    words = [f"{a} to {b}" if b > a else str(a) for a, b in parts]
    return ", ".join(words[:limit] + (["..."] if len(words) > limit else []))
