"""`metrics.jsonl` of a run: one JSON object per line, each an epoch or a validation.

Equal runs write equal logs, byte for byte; the duration of each epoch is in a separate file.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from agreid_cli.errors import InputError
from agreid_cli.records.files import disk_error

#: The fields in every line of a kind.
FIELDS = {
    "epoch": ("epoch", "step", "lr", "losses"),
    "eval": ("epoch", "direction", "mAP", "rank1", "mINP", "fingerprint"),
    "timing": ("epoch", "images_per_s", "wait_share", "seconds"),
}


def add_line(path: Path, kind: str, **fields: Any) -> None:
    """Append one line; it is on disk when this returns."""
    lacking = [name for name in FIELDS[kind] if name not in fields]
    assert not lacking, lacking
    line = json.dumps({"kind": kind, **fields}, ensure_ascii=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise disk_error(path, error) from error


def read_log(path: Path) -> list[dict[str, Any]]:
    """Every line, in order. A line truncated by a kill is skipped; a missing file is an empty log."""
    if not path.is_file():
        return []
    found = []
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError as error:
            if number == len(lines):
                break
            raise InputError(f"{path}, line {number}: invalid JSON") from error
    return found


def cut_log(path: Path, size: int) -> None:
    """Remove what a killed run wrote after the state that is resumed; `size` in bytes."""
    if path.is_file() and path.stat().st_size > size:
        os.truncate(path, size)


def log_size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
