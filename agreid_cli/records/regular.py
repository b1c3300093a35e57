"""Only regular files are opened: a named pipe or a device blocks for ever or never ends."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from agreid_cli.errors import InputError


def check_regular(path: Path | str) -> None:
    """Raise `InputError` unless `path` is a regular file.

    Symbolic links are followed. Costs one `stat`; the file is not opened.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise InputError(f"{path} does not exist", hint="Check the path and the spelling.") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read {str(path)!r}: {reason}") from error
    if what := irregular(mode):
        raise InputError(
            f"{path} is {what}",
            hint="Give a regular file; save a pipe's content to one.",
        )


def irregular(mode: int) -> str:
    """What a file of this `st_mode` is, such as "a named pipe, not a file"; "" for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    kinds = {stat.S_IFDIR: "folder", stat.S_IFIFO: "named pipe", stat.S_IFSOCK: "socket"}
    return f"a {kinds.get(stat.S_IFMT(mode), 'device')}, not a file"
