"""The folder of a demo: locked for one process, only reused for the same demo, and recorded."""

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
FILES = ("demo.json", "agreid.toml", "manifest.parquet", "split.parquet", "preview.jpg", "report.html")


def record_of(root: Path, config: DemoConfig, *, overwrite: bool) -> DemoRecord:
    """The record to continue, or a new one; the folder must contain this demo or nothing."""
    settings = config.model_dump(mode="json")
    before = None if overwrite else read_demo(root / "demo.json")
    if before is not None:
        if found := changes(before.settings, settings):
            raise InputError(
                f"{root} contains a demo with other settings",
                problems=found,
                hint="Choose another folder with --workspace, or replace it with --overwrite.",
            )
        return before
    record = DemoRecord(settings, usable_cores())
    record.write(root / "demo.json")
    return record


@contextlib.contextmanager
def locked_folder(root: Path, *, overwrite: bool) -> Iterator[None]:
    """Lock the folder for this process; refuse files that do not belong to a demo."""
    if root.exists() and not root.is_dir():
        raise InputError(f"{root} is a file", hint="Choose another folder with --workspace.")
    ours = (root / "demo.json").is_file()
    strange = [] if ours or not root.is_dir() else sorted(p.name for p in root.iterdir() if p.name != ".lock")
    if strange:
        raise InputError(
            f"{root} contains files that do not belong to a demo: {', '.join(strange[:5])}",
            hint="Choose another folder with --workspace.",
        )
    taken = AgreidError(f"another agreid demo is running in {root}", hint="Wait until it is finished.")
    with locked(root / ".lock", taken):
        if overwrite and ours:
            for name in FOLDERS:
                shutil.rmtree(root / name, ignore_errors=True)
            for name in FILES:
                (root / name).unlink(missing_ok=True)
        yield
