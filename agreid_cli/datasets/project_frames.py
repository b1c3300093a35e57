"""Convert frame numbers at the rate of an annotation project to frames of the video.

A tool that plays video in a browser takes the frame from the time: number = time × rate of the project.
If the project has another rate than the video, its numbers are not frames of the video, but its times are
correct.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from agreid_cli.datasets.video_facts import SPARE, VideoFacts, rate_of

#: Difference in frames up to which number and time give the same frame (times start at 0 or at one frame).
NEAR = 1.5
#: Relative difference up to which two rates count as equal.
SAME = 0.005


class KeyTime(NamedTuple):
    """A key frame: its number in the project, from 0, and the time beside it in seconds."""

    number: int
    time: float | None


def project_rate(keys: Sequence[KeyTime], frames_count: Any, duration: Any) -> float | None:
    """Frames per second of the project: from its video length, else from the times of the keys.

    >>> project_rate([], 250, 10.0), project_rate([KeyTime(9, 1.0), KeyTime(49, 5.0)], None, None)
    (25.0, 10.0)
    """
    whole = (isinstance(value, int | float) and 0 < value < 2**53 for value in (frames_count, duration))
    if all(whole):
        return float(frames_count / duration)
    return rate_of([(key.number, key.time) for key in keys]) if len(keys) > 1 else None


def video_frames(
    keys: Sequence[KeyTime], facts: VideoFacts, rate: float | None
) -> list[tuple[int, int]] | str:
    """For each key, the first and the last frame of the video that correspond to its frame of the project.

    Returns an error message if the frames cannot be determined.

    >>> video = VideoFacts((0, 100), (0.0, 10.0))  # 10 frames/s
    >>> video_frames([KeyTime(75, 3.04)], video, 25.0), video_frames([KeyTime(30, 3.0)], video, 10.0)
    ([(30, 30)], [(30, 30)])
    >>> video_frames([KeyTime(50, None)], video, 25.0)
    [(20, 20)]
    """
    own = facts.rate
    if own is None:
        return [(key.number, key.number) for key in keys]
    found = []
    for key in keys:
        start = _start(key, rate, facts)
        if start is None:
            if facts.n_frames is not None and key.number >= facts.n_frames + SPARE:
                return (
                    f"has a box on frame {key.number + 1:,}, and the video has {facts.n_frames:,} frames; "
                    "set the project's frame rate to the video's, or export times with the frames"
                )
            found.append((key.number, key.number))
            continue
        first = max(round(facts.frame_at(start)), 0)
        last = max(round(facts.frame_at(start + 1 / rate)) - 1, first) if rate else first
        found.append((first, last))
    return found


def _start(key: KeyTime, rate: float | None, facts: VideoFacts) -> float | None:
    """The start of the key's frame in seconds; None if its number is already a frame of the video."""
    own = facts.rate
    assert own is not None
    if key.time is None:
        return key.number / rate if rate and abs(rate / own - 1) > SAME else None
    if abs(facts.frame_at(key.time) - key.number) <= NEAR:
        return None
    rate = rate or (key.number + 1) / max(key.time, 1e-9)
    # Label Studio gives the end of a frame: frame 1 has the time 1 / rate. Our times are the start.
    begins = abs(key.time * rate - key.number) < abs(key.time * rate - (key.number + 1))
    return key.time if begins else key.time - 1 / rate
