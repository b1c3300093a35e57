"""Ctrl-C and SIGTERM at awkward moments: a quiet exit with 130 or 143, never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agreid_cli.cli import boundary
from agreid_cli.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
#: Stands in for a library, and sends the signal while it is imported.
LIBRARY = "import os, time\nos.kill(os.getpid(), {signal})\ntime.sleep(20)\n"


def run(library: str, number: int, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / library).mkdir()
    (folder / library / "__init__.py").write_text(LIBRARY.format(signal=int(number)))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}
    call = [sys.executable, "-m", "agreid_cli", *words]
    return subprocess.run(call, cwd=folder, env=env, capture_output=True, text=True)


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("library", ["typer", "pyarrow"], ids=["the program itself", "inside a command"])
def test_while_modules_are_imported(tmp_path: Path, library: str, number: int, code: int) -> None:
    done = run(library, number, tmp_path, "stats")
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_second_signal_on_the_way_out_is_quiet_too(tmp_path: Path, number: int, code: int) -> None:
    script = f"""
import os, sys, threading, time
from agreid_cli.cli import app, boundary
def work():
    threading.Thread(target=time.sleep, args=(3,)).start()  # what Python waits for at the end
    threading.Timer(0.5, os.kill, (os.getpid(), {int(number)})).start()
    os.kill(os.getpid(), {int(number)})
boundary.handle_signals()
boundary.bounded(work)()
"""
    call = [sys.executable, "-c", script]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_libraries_that_abort_on_the_way_out_do_not_change_the_exit_code(number: int, code: int) -> None:
    script = f"""
import atexit, os, sys
from agreid_cli.cli import boundary
def work():
    atexit.register(os.abort)
    print("part of the answer")
    os.kill(os.getpid(), {int(number)})
boundary.handle_signals()
with boundary.ended_at_once():
    boundary.bounded(work)()
"""
    call = [sys.executable, "-c", script]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (code, "part of the answer\n")
    assert "Stopped. Finished work is saved" in done.stderr


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_inside_a_finaliser_is_not_lost(number: int, code: int) -> None:
    script = f"""
import os, time
from agreid_cli.cli import boundary
class Object:
    def __del__(self):
        os.kill(os.getpid(), {int(number)})
        time.sleep(0.01)
def work():
    Object()
    for _ in range(100):
        time.sleep(0.1)
boundary.handle_signals()
boundary.bounded(work)()
"""
    call = [sys.executable, "-c", script]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)


def test_of_several_ranks_the_first_reports_a_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(boundary.time, "sleep", waited.append)

    def fail() -> None:
        raise InputError("it cannot be done")

    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        with pytest.raises(SystemExit):
            boundary.bounded(fail)()
    assert waited == [boundary.WAIT_S], "the second lets the first speak, and be ended"
    assert capsys.readouterr().err.count("it cannot be done") == 2
