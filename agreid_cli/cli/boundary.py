"""Turn exceptions into a message on stderr and an exit code; a user's mistake gives no traceback."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Any, ParamSpec

from agreid_cli.cli.console import Voice
from agreid_cli.errors import AgreidError, Terminated

P = ParamSpec("P")


def bounded(command: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command so that its errors become messages and exit codes."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        voice = Voice(json=bool(kwargs.get("json")))
        try:
            command(*args, **kwargs)
        except AgreidError as error:
            voice.error(error)
            sys.exit(error.exit_code)
        except KeyboardInterrupt as stop:
            voice.note("Stopped. Finished work is saved; run the same command again to continue.")
            sys.exit(143 if isinstance(stop, Terminated) else 130)
        except BrokenPipeError:
            # The reader of stdout (head, less) has exited: stop quietly, as command-line tools do.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    return run


def terminate(signum: int, frame: Any) -> None:
    """The SIGTERM handler: unwind as for Ctrl-C, so that work in progress is saved."""
    raise Terminated
