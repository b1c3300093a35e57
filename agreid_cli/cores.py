"""The number of usable CPU cores, and how many of them other work takes."""

from __future__ import annotations

import os
import time
from pathlib import Path

STAT = Path("/proc/stat")


def usable_cores() -> int:
    """The number of cores this process may use: its affinity mask, if the system has one."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def taken_cores(seconds: float = 0.25) -> float | None:
    """How many cores other processes use while this one sleeps; None if the system does not say (Linux
    does)."""
    try:
        before = _times(STAT.read_text())
        time.sleep(seconds)
        after = _times(STAT.read_text())
    except (OSError, ValueError):
        return None
    every, idle = after[0] - before[0], after[1] - before[1]
    return (os.cpu_count() or 1) * (every - idle) / every if every > 0 else 0.0


def crowded(taken: float | None, threads: int, cores: int) -> bool:
    """Whether so many threads of one process find fewer free cores.

    >>> crowded(0.2, 2, 2), crowded(1.0, 2, 2), crowded(1.0, 1, 2), crowded(None, 2, 2)
    (False, True, False, False)
    """
    return taken is not None and threads > 1 and threads > cores - taken + 0.5


def _times(text: str) -> tuple[int, int]:
    """All ticks of all cores since the start, and the idle ones, of `/proc/stat`.

    >>> _times("cpu  70 0 20 100 10 0 0 0 0 0\\ncpu0 0 0 0\\n")
    (200, 110)
    """
    name, *numbers = text.split("\n", 1)[0].split()
    if name != "cpu" or len(numbers) < 5:
        raise ValueError("no line of all cores")
    ticks = [int(n) for n in numbers[:8]]  # guests are counted in these already
    return sum(ticks), ticks[3] + ticks[4]
