"""The folder of a demonstration: taken for one process, never from anything else, and remembered."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from agreid_cli.config.demo import DemoConfig
from agreid_cli.cores import usable_cores
from agreid_cli.errors import AgreidError, InputError
from agreid_cli.records.demo import DemoRecord, read_demo
from agreid_cli.records.extraction import changes
from agreid_cli.records.locks import locked

FOLDERS = ("film", "crowd", "runs", "cache", "results")
FILES = ("demo.json", "agreid.toml", "manifest.parquet", "split.parquet", "report.html")


def record_of(root: Path, config: DemoConfig, *, overwrite: bool) -> DemoRecord:
    """The record to go on with, or a new one; what lies here must be this demonstration or nothing."""
    settings = config.model_dump(mode="json")
    before = None if overwrite else read_demo(root / "demo.json")
    if before is not None:
        if found := changes(before.settings, settings):
            raise InputError(
                f"{root} holds a demonstration with other settings",
                problems=found,
                hint="Choose another folder with --workspace, or replace it with --overwrite.",
            )
        return before
    record = DemoRecord(settings, usable_cores())
    record.write(root / "demo.json")
    return record


@contextlib.contextmanager
def held(root: Path, *, overwrite: bool) -> Iterator[None]:
    """The folder for this process alone; anything in it that no demonstration made is refused."""
    if root.exists() and not root.is_dir():
        raise InputError(f"{root} is a file", hint="Choose another folder with --workspace.")
    ours = (root / "demo.json").is_file()
    strange = [] if ours or not root.is_dir() else sorted(p.name for p in root.iterdir() if p.name != ".lock")
    if strange:
        raise InputError(
            f"{root} holds something else than a demonstration: {', '.join(strange[:5])}",
            hint="Choose another folder with --workspace.",
        )
    taken = AgreidError(f"another agreid demo is at work in {root}", hint="Wait until it is done.")
    with locked(root / ".lock", taken):
        if overwrite and ours:
            for name in FOLDERS:
                shutil.rmtree(root / name, ignore_errors=True)
            for name in FILES:
                (root / name).unlink(missing_ok=True)
        yield
