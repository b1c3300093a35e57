"""Work that a test can count: it squares a number, and says in a folder what it did and where."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from agreid_cli.errors import InputError
from agreid_cli.progress import Progress

ODD = 13  # fails on its data
BROKEN = 17  # fails with an error that is not the user's
DEADLY = 99  # kills its worker, always


def open_toy(folder: Path, pause_s: float = 0.0, ballast: bytes = b"") -> Callable[[int, Progress], int]:
    """Work of one worker, with `ballast` to make its inputs large.

    The file `opened-<pid>` shows that it was opened in that process.
    """
    with open(folder / f"opened-{os.getpid()}", "a") as handle:
        handle.write("x")

    def work(number: int, progress: Progress) -> int:
        with progress.task("toy", 1, "steps") as task:
            (folder / f"begun-{number}-{time.time_ns()}").touch()
            time.sleep(pause_s)
            task.advance()
        if number == ODD:
            raise InputError("13 is unlucky", hint="Take another number.")
        if number == BROKEN:
            raise ZeroDivisionError("division by zero")
        once = folder / f"deadly-{number}"
        if number == DEADLY or (number >= 1000 and not once.exists()):
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        progress.note(f"{number} done")
        return number * number

    return work
