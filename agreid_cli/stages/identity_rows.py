"""Who is seen in which frames → the rows of identities.csv."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from agreid_cli.stages.manifest_rows import Track

HEADER = ("video_id", "track_id", "frame_from", "frame_to", "pid")


@dataclass(frozen=True)
class Run:
    """Consecutive crops of one track, from the frame of the first to that of the last; None = unknown."""

    track: Track
    first: int | None
    last: int | None
    pid: int | None


def identity_rows(runs: Iterable[Run]) -> list[list[object]]:
    """One row a run, in the given order; neighbouring runs of one pid are one, a whole track has no frames.

    >>> identity_rows([Run(("a", 1), 0, 30, 5), Run(("a", 1), 60, 90, 5), Run(("a", 2), 0, 0, 5),
    ...                Run(("a", 2), 30, 60, None)])
    [['a', 1, '', '', 5], ['a', 2, 0, 0, 5], ['a', 2, 30, 60, None]]
    """
    rows: list[list[object]] = []
    for track, of_track in groupby(runs, key=lambda run: run.track):
        parts: list[Run] = []
        for run in of_track:
            if parts and parts[-1].pid == run.pid:
                parts[-1] = Run(track, parts[-1].first, run.last, run.pid)
            else:
                parts.append(run)
        if len(parts) == 1:
            rows.append([*track, "", "", parts[0].pid])
        else:
            rows += [[*track, part.first, part.last, part.pid] for part in parts]
    return rows
