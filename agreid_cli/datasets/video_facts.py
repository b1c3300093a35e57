"""Facts on a video from its crops: the time of each frame, the number of frames, the frame size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Frames by which a tool may count more than our decoder: programs count a damaged end differently.
SPARE = 2


@dataclass(frozen=True)
class VideoFacts:
    """`frames` and `times` (seconds) of the crops that have both, ascending; None is unknown.

    crop_frames: the frames of all crops. n_frames: of the whole video, including undecodable ones.
    """

    frames: tuple[int, ...] = ()
    times: tuple[float, ...] = ()
    crop_frames: frozenset[int] = frozenset()
    n_frames: int | None = None
    width: int | None = None
    height: int | None = None

    @property
    def rate(self) -> float | None:
        """Frames per second, between the first and the last crop."""
        if len(self.frames) < 2 or self.times[-1] <= self.times[0]:
            return None
        return (self.frames[-1] - self.frames[0]) / (self.times[-1] - self.times[0])

    def frame_at(self, time_s: float) -> float:
        """The frame, with its fraction, that is shown at `time_s`; needs a `rate`.

        >>> VideoFacts((0, 10, 40), (0.0, 1.0, 2.0)).frame_at(1.5)
        25.0
        >>> VideoFacts((10, 20), (1.0, 2.0)).frame_at(3.0)
        30.0
        """
        rate = self.rate
        assert rate is not None
        if time_s <= self.times[0]:
            return self.frames[0] + (time_s - self.times[0]) * rate
        if time_s >= self.times[-1]:
            return self.frames[-1] + (time_s - self.times[-1]) * rate
        return float(np.interp(time_s, self.times, self.frames))


def rate_of(rows: Sequence[tuple[int, float | None]]) -> float | None:
    """Frames per second from (frame, time) pairs; a single pair is compared with frame 0 at 0 s.

    >>> rate_of([(30, 3.5), (0, 0.5), (15, None)]), rate_of([(30, 2.0)]), rate_of([(0, 0.0)])
    (10.0, 15.0, None)
    """
    timed = sorted((frame, time) for frame, time in rows if time is not None)
    if not timed:
        return None
    (first, start), (last, end) = timed[0], timed[-1]
    if first == last:
        first, start = 0, 0.0
    return (last - first) / (end - start) if last > first and end > start else None
