"""Who may write to a folder: one complete call, or the shards of one division at the same time."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from agreid_cli.errors import AgreidError
from agreid_cli.records.locks import locked
from agreid_cli.records.shard import Shard

#: A shard holds the folder's lock only briefly; another shard that starts meanwhile waits.
PATIENCE_S = 10.0


@contextlib.contextmanager
def alone(folder: Path, shard: Shard | None, *, what: str) -> Iterator[None]:
    """Hold `folder` for this call: alone, or together with the other shards of the same n.

    Raises `AgreidError` when another call, this shard, or shards of another division are at work (`what`).
    """
    taken = AgreidError(
        f"another agreid is {what} into {folder}",
        hint="Wait until it is done, or choose another --workspace.",
    )
    shards = folder / ".shards"
    if shard is None:
        with locked(folder / ".lock", taken):
            _refuse_active(shards, "*", what)
            shutil.rmtree(shards, ignore_errors=True)
            yield
        return
    same = AgreidError(
        f"shard {shard} is already {what} into {folder}", hint="Give each process its own number."
    )
    with locked(shards / f"{shard.number}-of-{shard.of}", same):
        _briefly(folder / ".lock", taken)
        _refuse_active(shards, f"*-of-{shard.of}", what, others=True)
        yield


def _briefly(lock: Path, taken: AgreidError) -> None:
    """Acquire and release the lock; raises `taken` if a complete call holds it."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            with locked(lock, taken):
                return
        except AgreidError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def _refuse_active(shards: Path, pattern: str, what: str, *, others: bool = False) -> None:
    """Raise if a shard of the pattern, or with `others` of any other pattern, is active."""
    mine = set(shards.glob(pattern))
    for path in sorted(set(shards.glob("*")) - mine if others else mine):
        name = path.name.replace("-of-", "/")
        busy = AgreidError(f"shard {name} is {what} into {shards.parent}", hint="Wait until it is done.")
        with locked(path, busy):
            pass
