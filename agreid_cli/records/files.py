"""Atomic file writes: temporary sibling, fsync, rename."""

from __future__ import annotations

import contextlib
import csv
import errno
import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from agreid_cli.errors import AgreidError, InputError
from agreid_cli.records.regular import check_regular


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling of `path`; on success it replaces `path`, on error it is deleted.

    Raises `InputError` if the folder cannot be written or the disk is full.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with open(temporary, "rb+") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise disk_error(path, error) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically."""
    with writing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 atomically, with its newlines unchanged."""
    write_bytes(path, text.encode("utf-8"))


def write_csv(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write `rows`, the header first, as comma-separated UTF-8 with \\n line ends; None is an empty cell."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_text(path, text.getvalue())


def sha256(path: Path) -> str:
    """The SHA-256 hex digest of a file; `InputError` if it cannot be read or is not a regular file."""
    check_regular(path)
    try:
        digest = hashlib.sha256()
        with open(path, "rb") as handle:
            while block := handle.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


def disk_error(path: Path, error: OSError) -> AgreidError:
    """The error for a failed write."""
    if error.errno == errno.ENOSPC:
        return AgreidError(
            f"the disk is full: {path} was not written",
            hint="Free some space and run the same command again; finished work is kept.",
        )
    return InputError(
        f"cannot write {path}: {error.strerror or error}",
        hint="Check the folder's permissions, or choose another with --workspace.",
    )


def _sync_folder(folder: Path) -> None:
    # A rename is durable only once the folder itself is on disk; some systems cannot open a folder.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
