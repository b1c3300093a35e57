"""Locks between processes: a process that writes a folder holds its lock file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from agreid_cli.errors import AgreidError
from agreid_cli.records.files import disk_error


@contextlib.contextmanager
def locked(path: Path, taken: AgreidError | None = None) -> Iterator[None]:
    """Hold the lock file `path`, creating its folder. The system releases the lock if the process dies.

    Raises `taken` at once if another process holds it; with None it waits. Raises `InputError` if the folder
    cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0 if taken else -1)
    except Timeout:
        assert taken is not None
        raise taken from None
    except OSError as error:
        raise disk_error(path, error) from error
    try:
        yield
    finally:
        lock.release()
