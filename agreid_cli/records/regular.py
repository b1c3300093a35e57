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
    if not stat.S_ISREG(mode):
        raise InputError(
            f"{path} is a {_kind(mode)}, not a file",
            hint="Give a regular file; save a pipe's content to one.",
        )


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "folder", stat.S_IFIFO: "named pipe", stat.S_IFSOCK: "socket"}
    return kinds.get(stat.S_IFMT(mode), "device")
