"""Turn exceptions into a message on stderr and an exit code; a user's mistake gives no traceback."""

from __future__ import annotations

import _thread
import contextlib
import functools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import ParamSpec

from agreid_cli.cli.console import Console
from agreid_cli.errors import AgreidError, Terminated

P = ParamSpec("P")


#: Exit codes after SIGINT and SIGTERM.
INTERRUPTED = (130, 143)
#: Seconds that the other ranks wait before they report an error themselves.
WAIT_S = 5.0
#: Not empty while a command runs; read by the signal handlers.
_running: list[bool] = []


@contextlib.contextmanager
def _under_way() -> Iterator[None]:
    _running.append(True)
    try:
        yield
    finally:
        _running.pop()


def bounded(command: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command so that its errors become messages and exit codes."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        console = Console(json=bool(kwargs.get("json")))
        try:
            with _under_way():
                command(*args, **kwargs)
        except AgreidError as error:
            _let_the_first_rank_speak()
            console.error(error)
            sys.exit(error.exit_code)
        except KeyboardInterrupt as stop:
            _leave_at_once()
            console.note("Stopped. Finished work is saved; run the same command again to continue.")
            sys.exit(143 if isinstance(stop, Terminated) else 130)
        except BrokenPipeError:
            # The reader of stdout (head, less) has exited: stop quietly, as command-line tools do.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    return run


def _let_the_first_rank_speak() -> None:
    """Under torchrun all ranks raise the same error; torchrun ends the others once the first rank exits."""
    if os.environ.get("RANK", "0") != "0":
        time.sleep(WAIT_S)


def handle_signals() -> None:
    """Let Ctrl-C and SIGTERM unwind the command, so that work in progress is saved."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _unwind)
    sys.unraisablehook = _again


def _again(lost: sys.UnraisableHookArgs) -> None:
    """Deliver an interruption again that Python swallowed in a finaliser or callback."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        number = signal.SIGTERM if issubclass(lost.exc_type, Terminated) else signal.SIGINT
        later = threading.Timer(
            0.02, _thread.interrupt_main, (number,)
        )  # an immediate one would be lost in this hook
        later.daemon = True
        later.start()
    else:
        sys.__unraisablehook__(lost)


def _unwind(signum: int, frame: FrameType | None) -> None:
    if not _running or _importing(frame):
        # Nothing to save yet; and an exception inside an import is swallowed or shown by the importing
        # module.
        os._exit(128 + signum)
    raise Terminated if signum == signal.SIGTERM else KeyboardInterrupt


def _importing(frame: FrameType | None) -> bool:
    """Whether a module is being imported."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextlib.contextmanager
def ended_at_once() -> Iterator[None]:
    """End the process of an interrupted command without Python's finalisation.

    Everything is saved by then. Threads of libraries may still run, and finalising the interpreter under them
    can abort the process or change its exit code.
    """
    try:
        yield
    except SystemExit as stop:
        if stop.code not in INTERRUPTED:
            raise
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(int(stop.code))


def _leave_at_once() -> None:
    """Let further signals end the process at once: everything is saved, and it is exiting."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is _unwind:
            signal.signal(number, lambda signum, frame: os._exit(128 + signum))
