"""`--help` is fast: a new Python process shows it without loading anything heavy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from agreid_cli.cli.app import COMMANDS
from tests.test_architecture import HEAVY

PROBE = """
import json, sys
from agreid_cli.cli.app import app
sys.argv[0] = "agreid"
try:
    app(sys.argv[1:])
except SystemExit as stop:
    code = stop.code
sys.stderr.write("MODULES " + json.dumps([code, sorted({m.split(".")[0] for m in sys.modules})]))
"""


def run_help(words: list[str]) -> tuple[str, int, set[str]]:
    done = subprocess.run([sys.executable, "-c", PROBE, *words], capture_output=True, text=True, check=True)
    code, modules = json.loads(done.stderr.rpartition("MODULES ")[2])
    return done.stdout, code, set(modules)


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_help_loads_nothing_heavy(command: str | None) -> None:
    text, code, modules = run_help([*([command] if command else []), "--help"])
    assert not code
    assert "Usage" in text
    assert modules & HEAVY == set()
    if command:
        assert "Example: agreid" in " ".join(text.split()), "each help text ends with an example"


def test_unknown_command_is_a_usage_error() -> None:
    done = subprocess.run([sys.executable, "-m", "agreid_cli", "buid-split"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "Did you mean" in done.stderr or "No such command" in done.stderr
