"""Ctrl-C and SIGTERM during training: finish the current step, save, and then stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from agreid_cli.errors import Terminated


@dataclass
class Stop:
    """`wanted` is the signal received; the loop checks it between two steps."""

    wanted: int | None = None

    def leave(self) -> None:
        """Raise the exception for the signal, after everything is saved."""
        raise Terminated if self.wanted == signal.SIGTERM else KeyboardInterrupt


@contextmanager
def stopping() -> Iterator[Stop]:
    """Signals inside the block set `Stop.wanted`; the second one interrupts immediately."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop  # only the main thread can handle signals
        return

    def note(signum: int, frame: Any) -> None:
        if stop.wanted is not None:
            raise Terminated if signum == signal.SIGTERM else KeyboardInterrupt
        stop.wanted = signum

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
