"""Atomic folder writes: temporary sibling, rename."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from agreid_cli.errors import AgreidError, InputError
from agreid_cli.records.files import disk_error


@contextlib.contextmanager
def writing_folder(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a new empty sibling of `path`; on success it replaces `path`, on error it is deleted.

    An empty folder at `path` is replaced; a non-empty one only with `overwrite`, and only once the new one is
    complete. Raises `InputError` if the folder cannot be written or the disk is full.
    """
    path = Path(os.path.abspath(path))
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    old = path.with_name(f".{path.name}.{os.getpid()}.old")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        _take_place(temporary, path, old, overwrite)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise _folder_error(path, error) from error
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _take_place(temporary: Path, path: Path, old: Path, overwrite: bool) -> None:
    if path.is_dir() and not path.is_symlink():
        if not any(path.iterdir()):
            path.rmdir()
        elif overwrite:
            os.replace(path, old)
        else:
            raise InputError(f"{path} already exists")
    try:
        os.replace(temporary, path)
    except OSError:
        if old.exists():
            os.replace(old, path)
        raise


def _folder_error(path: Path, error: OSError) -> AgreidError:
    if error.errno == errno.EXDEV:
        return InputError(
            f"{path} and the images are on different file systems, so hard links are not possible",
            hint="Use --link symbolic, or leave --link out to copy.",
        )
    return disk_error(path, error)
