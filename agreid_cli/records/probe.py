"""Check whether processes on other machines see the same folder."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

from agreid_cli.errors import AgreidError
from agreid_cli.records.files import disk_error

REACH_S = 10.0


@contextlib.contextmanager
def probe(folder: Path) -> Iterator[str]:
    """A file in `folder` that the other processes must find; its name."""
    name = f".agreid-probe-{secrets.token_hex(8)}"
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    except OSError as error:
        raise disk_error(path, error) from error
    try:
        yield name
    finally:
        for left in folder.glob(f"{name}*"):
            left.unlink(missing_ok=True)


def why_unseen(folder: Path, name: str) -> AgreidError | None:
    """In another process: None if it finds the probe and can write beside it."""
    host = socket.gethostname()
    try:
        text = (folder / name).read_text(encoding="utf-8")
        reply = folder / f"{name}-{host}-{os.getpid()}"
        reply.write_text(text, encoding="utf-8")
        reply.unlink()
    except OSError as error:
        return AgreidError(
            f"{host} does not see, or cannot write, {folder} ({error.strerror})",
            hint="Put the workspace on a file system that every node mounts at the same path.",
        )
    return None


def reach(address: str) -> None:
    """Raise `OSError` if nobody answers at the address; Ray itself would wait for many minutes."""
    if address == "auto":
        current = Path(os.environ.get("RAY_TMPDIR", "/tmp")) / "ray" / "ray_current_cluster"
        address = current.read_text().strip() if current.is_file() else os.environ.get("RAY_ADDRESS", "")
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=REACH_S).close()
