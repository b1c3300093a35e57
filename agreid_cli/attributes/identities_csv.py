"""`identities.csv`: the identity of each track.

Columns `video_id`, `track_id` and `pid` (or P, T, A). -1 is junk (not a person); a blank pid is not
annotated yet. If the tracker has merged two people into one track, the optional columns `frame_from` and
`frame_to` (both inclusive, blank is open-ended) give the frames of a row. Further columns are for information
only; those that the template does not write are named.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from agreid_cli.attributes.csv_table import CsvTable, Row, read_csv
from agreid_cli.attributes.pids import PARTS, pid_of, require_pid
from agreid_cli.errors import Problems, did_you_mean
from agreid_cli.records.numbers import whole_number

Track = tuple[str, int]
FIRST, LAST = 0, 2**31 - 1  # frames are int32 and count from 0
#: Columns that the template writes for information only, as keys.
HELPERS = ("platform", "session", "altitude", "firstframe", "lastframe", "crops", "contactsheet")
_USED = ("videoid", "trackid", "framefrom", "frameto", "pid", *PARTS)


@dataclass(frozen=True)
class Span:
    """A range of frames of one track, both ends inclusive, and its identity (None: not annotated yet)."""

    first: int
    last: int
    pid: int | None

    @property
    def is_whole(self) -> bool:
        return self.first == FIRST and self.last == LAST


@dataclass(frozen=True)
class Identities:
    """The spans of each track in the file, in order and non-overlapping.

    `notes` are messages for the user.
    """

    spans: dict[Track, tuple[Span, ...]]
    notes: list[str] = field(default_factory=list)

    def pid(self, track: Track, frame: int | None) -> int | None:
        """The identity of a crop: None if no row covers it, or its pid is blank.

        A crop without a frame number belongs to no part of a divided track.
        """
        spans = self.spans.get(track, ())
        if spans and (spans[0].is_whole or frame is None):
            return spans[0].pid if spans[0].is_whole else None
        at = bisect_right(spans, frame, key=lambda span: span.first) - 1 if frame is not None else -1
        return spans[at].pid if at >= 0 and frame is not None and frame <= spans[at].last else None


def read_identities(path: Path, tracks: Collection[Track], problems: Problems) -> Identities:
    """Read the file; every row that is invalid, or names no track of `tracks`, is added to `problems`."""
    before = problems.n
    table = read_csv(path, problems)
    if not table.header:
        return Identities({})
    table.missing({"videoid": "video_id", "trackid": "track_id"}, problems)
    require_pid(table, problems)
    if problems.n > before:
        table.tell_unused({*_USED, *HELPERS}, problems)
        return Identities({})
    of_video: dict[str, set[int]] = defaultdict(set)
    for video, number in tracks:
        of_video[video].add(number)
    found: dict[Track, list[_Line]] = defaultdict(list)
    for row in table.good_rows(problems):
        pid = pid_of(table, row, problems)
        track = _track(table, row.line, row.cells["videoid"], row.cells["trackid"], of_video, problems)
        ends = _frames(table, row, problems)
        if track is None or ends is None:
            continue
        new = _Line(*ends, row.line, pid)
        twice = _placed(found[track], new)
        if twice is None:
            continue
        whole = (FIRST, LAST)
        is_whole = (twice.first, twice.last) == ends == whole
        what = f"{'' if is_whole else 'frames of '}track {track[1]} of {track[0]} "
        what += f"{'is already' if is_whole else 'are also'} in line {twice.line}"
        problems.add(table.where(row.line, "trackid"), what, kind="duplicate tracks or frames")
    spans = {t: tuple(Span(s.first, s.last, s.pid) for s in lines) for t, lines in found.items()}
    return Identities(spans, table.unused({*_USED, *HELPERS}))


class _Line(NamedTuple):
    first: int
    last: int
    line: int
    pid: int | None


def _placed(lines: list[_Line], new: _Line) -> _Line | None:
    """Insert `new` among the ordered, disjoint lines of its track; or return the line it overlaps."""
    at = bisect_left(lines, new)
    if at and lines[at - 1].last >= new.first:
        return lines[at - 1]
    if at < len(lines) and lines[at].first <= new.last:
        return lines[at]
    lines.insert(at, new)
    return None


def _frames(table: CsvTable, row: Row, problems: Problems) -> tuple[int, int] | None:
    """The first and the last frame of a row; None, with a problem, if they are invalid."""
    ends = []
    for key, default in (("framefrom", FIRST), ("frameto", LAST)):
        text = row.cells.get(key, "")
        number = whole_number(text) if text else default
        if number is None or not FIRST <= number <= LAST:
            problems.add(table.where(row.line, key), f"'{text}' is not a frame number; frames count from 0")
            return None
        ends.append(number)
    if ends[0] > ends[1]:
        problems.add(table.where(row.line, "frameto"), f"{ends[1]} comes before frame_from, {ends[0]}")
        return None
    return ends[0], ends[1]


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
        problems.add(table.where(line, "trackid"), f"'{text}' is not a track number")
    if video not in of_video:
        problems.add(
            table.where(line, "videoid"),
            lambda: f"the crops have no video '{video}'{did_you_mean(video, sorted(of_video))}",
            kind="the crops have no such video",
        )
        return None
    if number is None:
        return None
    if number not in of_video[video]:
        problems.add(
            table.where(line, "trackid"),
            lambda: f"{video} has no track {number}; it has {_ranges(sorted(of_video[video]))}",
            kind="the video has no such track",
        )
        return None
    return video, number


def _ranges(numbers: list[int], limit: int = 6) -> str:
    """Ascending numbers as a short text.

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
