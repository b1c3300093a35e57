"""The number of usable CPU cores."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """The number of cores this process may use: its affinity mask, if the system has one."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1
