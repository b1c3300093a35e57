"""How many CPU cores there are to work with."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """The cores that this process may use: those of its affinity mask where the system has one."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1
