"""`agreid explain`: options that do not fit together are refused before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from agreid_cli.cli.app import app


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--aggregate", "-d", "g2a"], "--direction goes with --query"),
        (["--pair", "a", "b", "-d", "a2g"], "--direction goes with --query"),
        (["--query", "a", "--aggregate"], "exclude each other"),
        (["--query", "a", "--platform", "uav"], "describe the image files of --pair"),
        (["--pair", "a", "b", *("--camid", "1") * 3], "--camid is given 3 times"),
    ],
)
def test_options_that_would_be_ignored_are_refused(words: list[str], said: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["explain", "-w", str(tmp_path), *words])
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
