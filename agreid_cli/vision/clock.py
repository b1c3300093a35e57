"""Determine the index and the time of a decoded frame from the stream's data.

A damaged stream shows its losses in three ways: failed reads, jumps in timestamps, and old frames
that arrive late from the decoder's buffer. None of them is complete, so all three are used.
"""

from __future__ import annotations

#: Number of even steps between timestamps that prove a constant frame rate, in which a jump means lost
#: frames.
STEADY = 8
#: Maximum deviation of a step from an integer number of frames (containers round to milliseconds).
UNEVEN = 0.25
#: Maximum number of frames held back by a decoder: only so long after damage may frames arrive late.
HELD_BACK = 16
#: A timestamp this far beyond the stated end is invalid; without a stated end, a jump as long as the second.
SLACK_S, LONGEST_LEAP_S = 10, 600


class Clock:
    """Numbers the frames of one stream. lost: frames counted so far that were not decoded.

    fps: the stated frame rate; promised: the stated number of frames. Either may be unknown. listed: the
    container lists its frames (MP4, MOV), so a jump without a failed read was recorded that way.
    """

    def __init__(self, fps: float | None, promised: int | None = None, *, listed: bool = False) -> None:
        self._fps = fps
        self._promised = promised
        self._listed = listed
        self._index = -1
        self._newest_ms = 0.0
        self._time_s = 0.0
        self._offset_s = 0.0
        self._even_steps = 0
        self._uneven = fps is None
        self._since_damage = HELD_BACK
        self.lost = 0

    @property
    def frames(self) -> int:
        """Number of frames so far, including lost ones."""
        return self._index + 1

    def tick(self, failures: int, stamp_ms: float) -> tuple[int, float | None] | None:
        """The 0-based index of the frame just decoded, and the seconds since the first frame.

        failures: failed reads since the previous frame; stamp_ms: the stream's timestamp. None means that
        the frame is late: its position has been passed and counted as lost.

        >>> clock = Clock(10)
        >>> clock.tick(0, 0.0), clock.tick(0, 100.0), clock.tick(2, 400.0), clock.lost
        ((0, 0.0), (1, 0.1), (4, 0.4), 2)
        """
        if self._index < 0:
            self._advance(1 + failures)
            self._time_s = self._index / self._fps if self._fps else 0.0
            self._offset_s = self._time_s - stamp_ms / 1000  # some streams start late by the encoder's delay
            self._newest_ms = stamp_ms
            return self._index, round(self._time_s, 6)
        gap_ms = stamp_ms - self._newest_ms
        self._since_damage += 1
        if gap_ms < 0 and self._since_damage <= HELD_BACK:
            return None
        forward = gap_ms > 0 and not self._broken(stamp_ms, gap_ms)
        steps = self._steps(failures, gap_ms) if forward and self._fps else 1 + failures
        self._advance(steps)
        self._newest_ms = stamp_ms
        return self._index, self._seconds(stamp_ms, 0 if forward else steps)

    def _advance(self, steps: int) -> None:
        self._index += steps
        self.lost += steps - 1
        if steps > 1:
            self._since_damage = 0

    def _broken(self, stamp_ms: float, gap_ms: float) -> bool:
        """Whether a timestamp is beyond the stated end; in a damaged file it may be by hours."""
        if self._promised and self._fps:
            return stamp_ms / 1000 > self._promised / self._fps + SLACK_S
        return gap_ms / 1000 > LONGEST_LEAP_S

    def _steps(self, failures: int, gap_ms: float) -> int:
        frames = gap_ms / 1000 * (self._fps or 0)
        even = abs(frames - round(frames)) <= UNEVEN and round(frames) >= 1
        steady = self._even_steps >= STEADY and not self._uneven
        if failures:
            self._since_damage = 0
            return round(frames) if steady and even else 1 + failures
        if even and round(frames) == 1:
            self._even_steps += 1
        elif not (even and steady):
            self._uneven = True  # a variable frame rate, in which a long step does not mean lost frames
        return round(frames) if steady and even and not self._listed else 1

    def _seconds(self, stamp_ms: float, steps: int) -> float | None:
        """By the timestamp; by the frame rate if it did not advance (raw streams have none) or restarted."""
        time_s = stamp_ms / 1000 + self._offset_s
        if steps or time_s <= self._time_s:
            if not self._fps:
                return None
            time_s = self._time_s + max(steps, 1) / self._fps
            self._offset_s = time_s - stamp_ms / 1000
        self._time_s = time_s
        return round(time_s, 6)
