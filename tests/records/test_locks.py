"""A lock belongs to one process at a time, and is free again if that process is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agreid_cli.errors import InputError, UsageError
from agreid_cli.records.locks import locked

HOLD = """
import sys, time
from pathlib import Path
from agreid_cli.records.locks import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""
TAKEN = UsageError("somebody else is at work")


def test_another_process_that_holds_it_is_named_and_a_killed_one_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new" / ".lock"
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match="somebody else"), locked(path, TAKEN):
            raise AssertionError("two hold one lock")
    finally:
        other.kill()
        other.wait()
    with locked(path, TAKEN):
        pass


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"), locked(tmp_path / "file" / ".lock"):
        pass
